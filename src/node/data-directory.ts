import { mkdirSync } from "node:fs";
import path from "node:path";
import { type Clock, required, waitUntil } from "../base/index.ts";
import {
  guardRecordPath,
  identifyProcess,
  isAlive,
  killQuietly,
  killRecordedProcesses,
  type ProcessIdentity,
  readRecord,
  writeDurably,
} from "../guard/index.ts";
import { ConfigError } from "./load-node-config.ts";

/** What stands in a data directory about the process that uses it, or used it last. */
interface NodeRecord extends ProcessIdentity {
  readonly address: string;
  /** The last lives of that process, oldest first. */
  readonly incarnations: readonly string[];
}

/** The life before this one on the same data directory; nothing of it runs any more. */
export interface Predecessor {
  readonly address: string;
  /** Its incarnations, oldest first; the last is the one that it died as. */
  readonly incarnations: readonly string[];
}

/** A data directory that is this process's alone. */
export interface ClaimedDirectory {
  /** Undefined in a directory that is new. */
  readonly predecessor: Predecessor | undefined;
  /** Puts a further incarnation of this process on record; before it has any effect. */
  addIncarnation(incarnation: string): Promise<void>;
}

/** A guard kills at the end of its node's channel; so long it may take to notice. */
const GUARD_GOES_WITHIN_MS = 1000;
const DEATH_WITHIN_MS = 5000;
/** A node that cannot join tries under a new incarnation each time; only the last ones can still matter to anybody. */
const REMEMBERED_INCARNATIONS = 32;

/**
 * Step 1 of joining: makes the data directory this process's own. A living predecessor there is a ConfigError. A dead
 * one's guard and task processes are gone when this resolves, so nothing of it can have an effect any more.
 */
export async function claimDataDirectory(options: {
  readonly directory: string;
  readonly address: string;
  readonly incarnation: string;
  readonly clock: Clock;
}): Promise<ClaimedDirectory> {
  const { directory, address, clock } = options;
  mkdirSync(directory, { recursive: true });
  const file = path.join(directory, "node.json");
  const previous = readRecord<NodeRecord>(file);
  if (previous !== undefined && previous.pid !== process.pid && isAlive(previous)) {
    throw new ConfigError(
      `the data directory ${directory} is in use by process ${previous.pid} (${previous.address}); ` +
        `end that process, or give this node a "dataDirectory" of its own`,
    );
  }
  await endGuard(directory, clock);
  await killRecordedProcesses(directory, clock);
  const incarnations = [options.incarnation];
  const own = required(identifyProcess(process.pid), "this process");
  const write = (): Promise<void> => writeDurably(file, { ...own, address, incarnations });
  await write();
  return {
    predecessor: previous,
    addIncarnation(incarnation) {
      incarnations.push(incarnation);
      incarnations.splice(0, incarnations.length - REMEMBERED_INCARNATIONS);
      return write();
    },
  };
}

async function endGuard(directory: string, clock: Clock): Promise<void> {
  const guard = readRecord<ProcessIdentity>(guardRecordPath(directory));
  if (guard === undefined || !isAlive(guard)) return;
  const until = (): true | undefined => (isAlive(guard) ? undefined : true);
  const describe = "the guard of the last process to end";
  try {
    await waitUntil({ clock, until, withinMs: GUARD_GOES_WITHIN_MS, describe });
  } catch {
    // Stopped, perhaps. What it leaves is killed by the records.
    killQuietly(guard.pid);
    await waitUntil({ clock, until, withinMs: DEATH_WITHIN_MS, describe });
  }
}
