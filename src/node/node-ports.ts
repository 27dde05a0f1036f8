import {
  type Clock,
  createSystemClock,
  createSystemRandom,
  type Failpoints,
  NO_FAILPOINTS,
  type Random,
} from "../base/index.ts";
import type { LogConfig } from "../config/index.ts";
import type { ControlMessage, Events, NodeEvent } from "../model/index.ts";
import { createControlledFailpoints } from "./controlled-failpoints.ts";
import { createEventChannel } from "./event-channel.ts";
import { createLog, type Log } from "./log.ts";
import { formatLine } from "./log-writer.ts";
import { createNodeFigures, type NodeFigures } from "./node-figures.ts";

/** What a node reaches the world through, beside registry, store and RPC. */
export interface NodePorts {
  readonly clock: Clock;
  readonly random: Random;
  readonly events: Events;
  readonly failpoints: Failpoints;
  readonly log: Log;
  /** What this process has counted, for its metrics page. Absent: nobody asks. */
  readonly figures?: NodeFigures;
  /** From now on this process speaks as this incarnation: its events carry it. Call it before the first event. */
  identify(incarnation: string): void;
  /** The bundled guard, for startGuardedProcesses. */
  readonly guardPath: string;
  /** Environment of this process, for its guard and its tasks. */
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/** A node that was started: the shape that masters and workers share. */
export interface RunningNode {
  /** Graceful stop; resolves when everything is closed. Idempotent. */
  stop(): Promise<void>;
  /** Settles when the node has ended, asked or not, with the exit code for its process. */
  readonly ended: Promise<{ readonly exitCode: number }>;
}

const DEFAULT_LOG: LogConfig = { format: "text", level: "info" };

/**
 * The ports of this very process: the machine's clock and randomness, events to the descriptor that FAILOVER_EVENTS_FD
 * names, failpoints under the control of the process that forked this one. Ends the process when its supervisor goes.
 */
export function createNodePorts(options: {
  readonly address: string;
  readonly guardPath: string;
  readonly log?: LogConfig | undefined;
}): NodePorts {
  const clock = createSystemClock();
  const exit = (): void => process.exit(1);
  const fdText = process.env.FAILOVER_EVENTS_FD;
  const fd = fdText === undefined ? undefined : Number(fdText);
  const printLine = (line: string): void => void process.stderr.write(`${line}\n`);
  // Nobody reads the log any more: that is no reason to end.
  process.stderr.on("error", () => undefined);
  const written = options.log ?? (fd === undefined ? DEFAULT_LOG : undefined);
  const figures = createNodeFigures(clock);
  const onEvent = (event: NodeEvent): void => {
    figures.note(event);
    const line = written === undefined ? undefined : formatLine(event, written);
    if (line !== undefined) printLine(line);
  };
  const channel = createEventChannel({ fd, node: options.address, clock, onEvent, onBroken: exit });
  return {
    clock,
    random: createSystemRandom(),
    events: channel,
    failpoints: createFailpoints({ events: channel, clock, exit }),
    log: createLog({ events: channel, printLine: written === undefined ? printLine : () => undefined }),
    figures,
    identify: (incarnation) => channel.identify(incarnation),
    guardPath: options.guardPath,
    environment: process.env,
  };
}

function createFailpoints(options: { events: Events; clock: Clock; exit: () => void }): Failpoints {
  if (!process.connected) return NO_FAILPOINTS;
  const kill = (): boolean => process.kill(process.pid, "SIGKILL");
  const failpoints = createControlledFailpoints({ ...options, kill });
  process.on("message", (message: ControlMessage) => failpoints.control(message));
  // Nobody is left who would end this process.
  process.on("disconnect", options.exit);
  return failpoints;
}
