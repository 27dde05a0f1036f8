import { mkdirSync } from "node:fs";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { type Clock, ReleaseStack } from "../../src/base/index.ts";
import { type Environment, provideEnvironment, type RegistryKind, type Tier } from "../environment/index.ts";
import { projectRoot, startKeeper } from "../keeper/index.ts";
import type { CaseOutcome } from "./case-outcome.ts";
import type { CaseParts } from "./case-parts.ts";
import { runCase } from "./run-case.ts";
import type { CaseRun } from "./run-cases.ts";

export interface OpenRunOptions {
  readonly env: Tier | "auto";
  /** Undefined: what is usual for the tier. */
  readonly registry: RegistryKind | undefined;
  readonly keep: boolean;
  readonly clock: Clock;
  readonly readText: (file: string) => string | undefined;
  readonly onEvent?: CaseParts["onEvent"];
}

/** A run of cases with its services up. */
export interface OpenRun {
  readonly environment: Environment;
  runCase(run: CaseRun): Promise<CaseOutcome>;
  /** Ends the services and removes what is left. Returns what a case left behind, in words; nothing, if all is well. */
  close(): Promise<readonly string[]>;
}

/** Starts the keeper and the services of a run. Throws HarnessError when they cannot be had. */
export async function openRun(options: OpenRunOptions): Promise<OpenRun> {
  const { clock, keep, readText } = options;
  const runId = `${Math.floor(clock.now()).toString(36)}-${process.pid}`;
  const releases = new ReleaseStack();
  const keeper = startKeeper({ runId, clock });
  const left: string[] = [];
  releases.push("keeper", async () => {
    const { processes, directories, containers } = await keeper.close();
    left.push(...[...processes, ...directories, ...containers].map(String));
  });
  try {
    const scratch = path.join(tmpdir(), `failover-harness-${runId}`);
    keeper.own({ kind: "directory", path: scratch });
    releases.push("working directory", () => rm(scratch, { recursive: true, force: true }));
    mkdirSync(scratch, { recursive: true });
    const { env, registry } = options;
    const workDirectory = path.join(scratch, "services");
    const environment = await provideEnvironment({ env, registry, runId, keeper, clock, workDirectory });
    releases.push("services", () => environment.close());
    const parts: CaseParts = {
      environment,
      runId,
      clock,
      nodeProgram: path.join(projectRoot(), "dist", "node.cjs"),
      scratch: path.join(scratch, "cases"),
      evidenceRoot: path.resolve(".runs"),
      keep,
      readText,
      ...(options.onEvent === undefined ? {} : { onEvent: options.onEvent }),
    };
    return {
      environment,
      runCase: (run) => runCase(parts, run),
      async close() {
        await releases.release();
        return left;
      },
    };
  } catch (error) {
    await releases.release().catch(() => undefined);
    throw error;
  }
}
