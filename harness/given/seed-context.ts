import { required } from "../../src/base/index.ts";
import type { Duration, ResolvedCase } from "../case/resolved-case.ts";
import { allocateIds, type IdAllocation } from "./allocate-ids.ts";
import type { Addresses } from "./seed-row.ts";

/** What an absent node leaves behind: a life that ended before the case begins. */
export interface PastLife {
  readonly name: string;
  readonly kind: "master" | "worker" | "alert-server";
  readonly address: string;
  readonly incarnation: string;
  /** Wall clock, milliseconds. */
  readonly startupTime: number;
}

/** Everything that the rows of a case are computed from. */
export interface SeedContext {
  readonly case: ResolvedCase;
  /** Wall clock at which the case begins, milliseconds: "ago" counts from here. */
  readonly nowMs: number;
  /** What `1 sessions` is. */
  readonly sessionTimeoutMs: number;
  /** The case's folder, for the effects of its scripts. */
  readonly workDirectory: string;
  /** Address by node name. */
  readonly addresses: Addresses;
  /** The lives of absent nodes, by node name. */
  readonly past: Readonly<Record<string, PastLife>>;
  readonly ids: IdAllocation;
  /** Where the channels of alert groups lead to; undefined: nowhere. */
  readonly receiver?: ReceiverPorts | undefined;
}

/** Ports on loopback that the harness listens on for alerts. */
export interface ReceiverPorts {
  readonly httpPort: number;
  readonly mailPort: number;
}

export interface SeedContextOptions {
  readonly case: ResolvedCase;
  readonly nowMs: number;
  readonly sessionTimeoutMs: number;
  readonly workDirectory: string;
  readonly addresses: Addresses;
  readonly receiver?: ReceiverPorts | undefined;
  /** Invents the incarnations of absent nodes. */
  readonly newIncarnation: () => string;
}

/** An absent node started long before anything of the case happened. */
const PAST_STARTUP_MS = 24 * 3_600_000;

/** Allocates ids and codes and invents the lives of absent nodes. */
export function createSeedContext(options: SeedContextOptions): SeedContext {
  const past: Record<string, PastLife> = {};
  for (const node of options.case.cluster.nodes) {
    if (!node.absent) continue;
    past[node.name] = {
      name: node.name,
      kind: node.kind,
      address: required(options.addresses[node.name], `address of ${node.name}`),
      incarnation: options.newIncarnation(),
      startupTime: options.nowMs - PAST_STARTUP_MS,
    };
  }
  const { newIncarnation: _, ...context } = options;
  return { ...context, past, ids: allocateIds(options.case) };
}

/** A duration in milliseconds. */
export function milliseconds(context: SeedContext, duration: Duration): number {
  return duration.unit === "ms" ? duration.value : duration.value * context.sessionTimeoutMs;
}

/** DolphinScheduler's columns have minutes: rounded up, so that something that lasts never lasts zero. */
export function minutes(context: SeedContext, duration: Duration): number {
  return Math.ceil(milliseconds(context, duration) / 60_000);
}

/** The address of a node of the cluster; a host:port of nobody stays as it is. */
export function hostOf(context: SeedContext, host: string | null): string | null {
  return host === null ? null : (context.addresses[host] ?? host);
}
