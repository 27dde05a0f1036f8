import { type ChildProcess, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import path from "node:path";
import { type Clock, errorMessage, waitUntil } from "../../src/base/index.ts";
import { HarnessError } from "../base/index.ts";
import { projectRoot } from "./project-root.ts";
import {
  identify,
  prepareRecordDirectory,
  type RunRecord,
  recordDirectory,
  recordFile,
  writeRecord,
} from "./run-record.ts";
import { RUN_MARK, type SweepReport } from "./sweep.ts";

/** Something that would survive a harness that is killed. Own it *before* it comes into being. */
export type OwnedResource =
  /** Removed with everything in it. Absolute path. */
  | { readonly kind: "directory"; readonly path: string }
  /** All containers that carry the label `failover-harness.run=<run id>`. */
  | { readonly kind: "containers" }
  /** A process without FAILOVER_RUN_ID in its environment (those with it are found by it), with its descendants. */
  | { readonly kind: "process"; readonly pid: number };

/** The harness's side of the keeper process. */
export interface Keeper {
  readonly runId: string;
  /** What every process of the run must have in its environment: `{ FAILOVER_RUN_ID: runId }`. */
  readonly environment: Readonly<Record<string, string>>;
  /** On record when it returns: from then on a death of the harness removes it. */
  own(resource: OwnedResource): void;
  /**
   * Has everything removed that is left, and ends the keeper. The report names what was left: nothing, after a run that
   * cleaned up behind itself. Idempotent. Throws when something could not be removed.
   */
  close(): Promise<SweepReport>;
}

export interface KeeperOptions {
  /** Unique on this machine; letters, digits and dashes. */
  readonly runId: string;
  readonly clock: Clock;
  /** The keeper's program. Default: dist/keeper.cjs. */
  readonly program?: string;
  /** Where run records are. Default: failover-harness-<uid>/runs in the system's directory for temporary files. */
  readonly records?: string;
}

const CLOSE_LIMIT_MS = 60_000;

/**
 * Starts the keeper. It notices the end of this process by end-of-file, whatever ended it, and then ends every process
 * with the run's mark and removes the run's directories and containers. It also removes what runs before left whose
 * keeper was killed too. Throws HarnessError when it cannot be started.
 */
export function startKeeper(options: KeeperOptions): Keeper {
  const { runId, clock } = options;
  const program = options.program ?? path.join(projectRoot(), "dist", "keeper.cjs");
  const records = options.records ?? recordDirectory();
  if (!existsSync(program)) throw notBuilt(program);
  const file = recordFile(records, runId);
  let record: RunRecord = {
    runId,
    harness: identify(process.pid),
    keeper: undefined,
    directories: [],
    processes: [],
    containers: false,
  };
  const update = (change: Partial<RunRecord>): void => {
    record = { ...record, ...change };
    recording(() => writeRecord(file, record));
  };
  recording(() => prepareRecordDirectory(records));
  update({});
  const child = launch(program, [file, records]);
  if (child.pid !== undefined) update({ keeper: identify(child.pid) });
  let closing: Promise<SweepReport> | undefined;
  return {
    runId,
    environment: { [RUN_MARK]: runId },
    own: (resource) => update(withResource(record, resource)),
    close: () => {
      closing ??= close(child, clock);
      return closing;
    },
  };
}

function withResource(record: RunRecord, resource: OwnedResource): Partial<RunRecord> {
  switch (resource.kind) {
    case "directory":
      return { directories: [...new Set([...record.directories, resource.path])] };
    case "containers":
      return { containers: true };
    case "process":
      return { processes: [...record.processes, identify(resource.pid)] };
  }
}

function launch(program: string, args: readonly string[]): ChildProcess {
  const { [RUN_MARK]: _, ...environment } = process.env;
  // A session of its own: Ctrl-C and a closed terminal do not reach it. Without the mark: it is not among its own
  // victims.
  const child = spawn(process.execPath, [program, ...args], {
    detached: true,
    stdio: ["pipe", "pipe", "ignore"],
    cwd: path.parse(program).root,
    env: environment,
  });
  child.on("error", () => undefined);
  child.stdin.on("error", () => undefined);
  // It must not keep a harness alive that has nothing more to do.
  child.unref();
  unreference(child.stdin);
  unreference(child.stdout);
  return child;
}

function unreference(stream: object): void {
  if ("unref" in stream && typeof stream.unref === "function") stream.unref();
}

async function close(child: ChildProcess, clock: Clock): Promise<SweepReport> {
  let output = "";
  child.stdout?.setEncoding("utf8");
  child.stdout?.on("data", (chunk: string) => {
    output += chunk;
  });
  let exited = child.exitCode !== null || child.signalCode !== null;
  child.once("close", () => {
    exited = true;
  });
  child.stdin?.end();
  await waitUntil({
    clock,
    withinMs: CLOSE_LIMIT_MS,
    everyMs: 5,
    describe: "the keeper to remove what is left of the run",
    until: () => (exited ? true : undefined),
  });
  const report = parseReport(output);
  if (report.failures.length > 0) throw leftBehind(report.failures);
  return report;
}

function parseReport(output: string): SweepReport {
  const nothing: SweepReport = { processes: [], directories: [], containers: [], failures: [] };
  try {
    return { ...nothing, ...(JSON.parse(output) as Partial<SweepReport>) };
  } catch {
    const failures = ["the keeper process ended before the run; the next run removes what is left"];
    return { ...nothing, failures };
  }
}

function recording(step: () => void): void {
  try {
    step();
  } catch (error) {
    throw new HarnessError(
      [
        {
          code: "environment/no-run-record",
          what: "cannot note what this run has to remove",
          why: errorMessage(error),
          fix: "make the directory for temporary files (TMPDIR) writable, with free space",
        },
      ],
      { cause: error },
    );
  }
}

function notBuilt(program: string): HarnessError {
  return new HarnessError([
    {
      code: "environment/not-built",
      what: `${program} does not exist`,
      why: "the programs of this package were not built",
      fix: "npm run build",
    },
  ]);
}

function leftBehind(failures: readonly string[]): HarnessError {
  return new HarnessError([
    {
      code: "environment/left-behind",
      what: "not everything of this run could be removed",
      why: failures.join("; "),
      fix: "the next run tries again; or remove it by hand",
    },
  ]);
}
