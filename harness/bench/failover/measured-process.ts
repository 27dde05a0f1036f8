import { type ChildProcess, fork } from "node:child_process";
import path from "node:path";
import { projectRoot } from "../../keeper/index.ts";
import type { Report, Role } from "../measured/protocol.ts";

type Done = Extract<Report, { kind: "done" }>;

/** A measured process that is connected and waits for its "go". */
export interface MeasuredProcess {
  onClaimed(listener: (count: number) => void): void;
  go(): void;
  /** Asks a claimant to end. */
  stop(): void;
  /** Rejects when it ends without having said that it is done. */
  readonly done: Promise<Done>;
}

/** Starts a measured process and waits until it is connected. */
export async function startMeasured(role: Role): Promise<MeasuredProcess> {
  const program = path.join(projectRoot(), "dist", "bench-process.cjs");
  const child = fork(program, [JSON.stringify(role)], { stdio: ["ignore", "inherit", "inherit", "ipc"] });
  const listeners: ((count: number) => void)[] = [];
  const exited = new Promise<never>((_, reject) => {
    child.once("exit", (code) => reject(new Error(`a measured process ended with exit code ${code}`)));
  });
  exited.catch(() => undefined);
  const said = <K extends Report["kind"]>(kind: K): Promise<Extract<Report, { kind: K }>> =>
    Promise.race([heard(child, kind), exited]);
  const done = said("done");
  done.catch(() => undefined);
  child.on("message", (report: Report) => {
    if (report.kind === "claimed") for (const listener of listeners) listener(report.count);
  });
  await said("ready");
  return {
    onClaimed: (listener) => void listeners.push(listener),
    go: () => void child.send("go"),
    stop: () => void (child.connected && child.send("stop")),
    done,
  };
}

function heard<K extends Report["kind"]>(
  child: ChildProcess,
  kind: K,
): Promise<Extract<Report, { kind: K }>> {
  return new Promise((resolve) => {
    child.on("message", (report: Report) => {
      if (report.kind === kind) resolve(report as Extract<Report, { kind: K }>);
    });
  });
}
