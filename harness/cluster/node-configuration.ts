import type { NodeConfig } from "../../src/config/index.ts";
import { durationToMs, type NodeSettings } from "../case/index.ts";
import type { NodeEndpoints } from "../link/index.ts";
import type { RosterEntry } from "./roster.ts";

/** Where a life of a node works. */
export interface NodePlace {
  readonly endpoints: NodeEndpoints;
  /** Port that it shall listen on. */
  readonly listenPort: number;
  readonly dataDirectory: string;
}

/** Ten years. */
const RETENTION_MS = 3650 * 24 * 3_600_000;

function timingOf(settings: NodeSettings): NodeConfig["timing"] {
  // Multiples of the session count the time-out that is asked for: what the registry grants is not known yet.
  const ms = (duration: NodeSettings["failoverDelay"]): number =>
    Math.round(durationToMs(duration, settings.sessionTimeoutMs));
  return {
    sessionTimeoutMs: settings.sessionTimeoutMs,
    failoverDelayMs: ms(settings.failoverDelay),
    // Shorter than a session it would look for deaths that cannot be known yet: a node refuses that.
    reconcileIntervalMs: Math.max(settings.sessionTimeoutMs, ms(settings.reconcileInterval)),
    shutdownGraceMs: ms(settings.shutdownGrace),
    dispatchTimeoutMs: dispatchTimeoutOf(settings),
    // No case runs for so long: what it seeds, however old, stays.
    retentionMs: RETENTION_MS,
  };
}

/** As the reconciliation: a task must not fail before the death of a worker can be known. */
function dispatchTimeoutOf({ dispatchTimeout, sessionTimeoutMs }: NodeSettings): number {
  const ms = Math.round(durationToMs(dispatchTimeout, sessionTimeoutMs));
  return ms === 0 ? 0 : Math.max(sessionTimeoutMs, ms);
}

/** Pauses and limits of a case: a receiver of the harness answers in milliseconds, and a case has seconds. */
const ALERT_TIMES = {
  sendTimeoutMs: 2000,
  retryBaseMs: 200,
  retryMaxMs: 2000,
  giveUpAfterMs: 86_400_000,
} as const;

function alertOf(settings: NodeSettings): NonNullable<NodeConfig["alert"]> {
  return {
    ...ALERT_TIMES,
    windowMs: Math.round(durationToMs(settings.alertWindow, settings.sessionTimeoutMs)),
    defaultGroupId: 1,
    maxTries: 100,
    sendsPerChannel: 4,
    scriptDirectories: [],
  };
}

/** The configuration file of a life of a node: everything that it reaches, it reaches through links. */
export function nodeConfiguration(entry: RosterEntry, place: NodePlace): NodeConfig {
  const { settings } = entry;
  return {
    kind: entry.kind,
    address: entry.address,
    listen: { host: "127.0.0.1", port: place.listenPort },
    dial: place.endpoints.dial,
    registry: place.endpoints.registry,
    // A worker has no business in the database: without a URL it cannot even try.
    ...(entry.kind === "worker" ? {} : { databaseUrl: place.endpoints.databaseUrl }),
    dataDirectory: place.dataDirectory,
    timing: timingOf(settings),
    disconnectStrategy: settings.disconnectStrategy,
    // A master has no task slots: its share is that of the machine's memory.
    ...(entry.kind === "master"
      ? { overload: { cpuAbove: 1, memoryAbove: settings.busyAbove, diskAbove: 1 } }
      : {}),
    master: { failoverBatchSize: settings.failoverBatch, loadBalancer: settings.loadBalancer },
    worker: {
      taskSlots: settings.taskSlots,
      weight: settings.weight,
      busyAbove: settings.busyAbove,
      groups: entry.groups,
    },
    ...(entry.kind === "alert-server" ? { alert: alertOf(settings) } : {}),
  };
}
