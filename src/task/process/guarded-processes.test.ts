import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, readFileSync, rmSync } from "node:fs";
import path from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import { buildSync } from "esbuild";
import { createSystemClock, waitUntil } from "../../base/index.ts";
import { bundleGuard } from "../../guard/guard-for-tests.ts";
import { findMarkedProcesses, guardRecordPath, readRecord } from "../../guard/index.ts";
import { NotStartedError, startGuardedProcesses, type TaskProcessExit, type TaskProcesses } from "./index.ts";

const clock = createSystemClock();
let bundle: ReturnType<typeof bundleGuard>;
let serial = 0;
let dataDirectory = "";
let incarnation = "";

beforeAll(() => {
  bundle = bundleGuard();
});
afterAll(() => rmSync(bundle.directory, { recursive: true }));
beforeEach(() => {
  serial += 1;
  dataDirectory = path.join(bundle.directory, `node-${serial}`);
  incarnation = `${process.pid}-${serial}`;
});
afterEach(() => {
  // The leak check of every test here.
  const left = alive();
  for (const pid of left) process.kill(pid, "SIGKILL");
  if (left.length > 0) throw new Error(`this test left processes running: ${left.join(", ")}`);
});

/** Processes of tasks of this test that live, wherever they went. */
function alive(): number[] {
  return findMarkedProcesses([[`FAILOVER_INCARNATION=${incarnation}`]]);
}

function until<T>(describe: string, condition: () => T | undefined): Promise<T> {
  return waitUntil({ clock, until: condition, withinMs: 5000, describe });
}

const untilAlive = (count: number): Promise<boolean> =>
  until(`${count} processes`, () => (alive().length === count ? true : undefined));

function spec(key: string, script: string) {
  return {
    key,
    script,
    environmentConfig: "",
    environment: { FAILOVER_TASK_INSTANCE_ID: key, FAILOVER_INCARNATION: incarnation },
    logPath: path.join(dataDirectory, "logs", `${key}.log`),
    workDirectory: path.join(dataDirectory, "work"),
  };
}

async function withProcesses(
  body: (processes: TaskProcesses, exits: TaskProcessExit[]) => Promise<void>,
): Promise<void> {
  const processes = await startGuardedProcesses({
    dataDirectory,
    clock,
    guardPath: bundle.guardPath,
    environment: process.env,
  });
  const exits: TaskProcessExit[] = [];
  processes.onExit((exit) => exits.push(exit));
  try {
    await body(processes, exits);
  } finally {
    await processes.close();
  }
}

const inTime = (ms: number): number => clock.monotonicMs() + ms;

describe("processes of tasks", () => {
  test("run a script with its environment and log, and tell its end", async () => {
    await withProcesses(async (processes, exits) => {
      processes.setDeadline(inTime(60_000));
      await processes.start({
        ...spec("1-1", "echo $GREETING; exit 3"),
        environmentConfig: "GREETING=hello",
      });
      await until("the exit", () => exits[0]);
      expect(exits).toMatchObject([{ key: "1-1", exitCode: 3, outcome: "FAILURE" }]);
      expect(readFileSync(path.join(dataDirectory, "logs", "1-1.log"), "utf8")).toBe("hello\n");
      expect(processes.running()).toEqual([]);
      await processes.start(spec("2-1", "true"));
      await until("the second exit", () => exits[1]);
      expect(exits[1]).toMatchObject({ exitCode: 0, outcome: "SUCCESS" });
      await processes.start(spec("3-1", "kill -9 $$"));
      await until("the third exit", () => exits[2]);
      expect(exits[2]).toMatchObject({ exitCode: 137, outcome: "FAILURE" });
    });
  });

  test("start nothing before a deadline was set, nor past it, nor twice at a time", async () => {
    await withProcesses(async (processes) => {
      const file = path.join(dataDirectory, "ran");
      await expect(processes.start(spec("1-1", `touch ${file}`))).rejects.toMatchObject({ leaseOver: true });
      processes.setDeadline(inTime(60_000));
      const both = [processes.start(spec("2-1", "sleep 60")), processes.start(spec("2-1", "sleep 60"))];
      await expect(Promise.all(both)).rejects.toThrow("running already");
      await both[0];
      processes.setDeadline(inTime(-1));
      await expect(processes.start(spec("3-1", `touch ${file}`))).rejects.toMatchObject({ leaseOver: true });
      expect(existsSync(file)).toBe(false);
    });
  });

  test("are killed on request, with a grandchild that left the group", async () => {
    await withProcesses(async (processes, exits) => {
      processes.setDeadline(inTime(60_000));
      await processes.start(spec("1-1", "setsid sleep 61 & sleep 62 & wait"));
      await untilAlive(3);
      processes.kill("1-1");
      await until("the exit", () => exits[0]);
      expect(alive()).toEqual([]);
      expect(exits).toMatchObject([{ exitCode: null, outcome: "KILLED" }]);
    });
  });

  test("leave nothing in their group behind when the script ends", async () => {
    await withProcesses(async (processes, exits) => {
      processes.setDeadline(inTime(60_000));
      await processes.start(spec("1-1", "sleep 61 & exit 0"));
      await until("the exit", () => exits[0]);
      await untilAlive(0);
      expect(exits).toMatchObject([{ outcome: "SUCCESS" }]);
    });
  });

  test("are killed at the deadline, not before, and can be started after a later one", async () => {
    await withProcesses(async (processes, exits) => {
      const deadline = inTime(250);
      processes.setDeadline(deadline);
      await processes.start(spec("1-1", "setsid sleep 61 & sleep 62"));
      await until("the exit", () => exits[0]);
      expect(clock.monotonicMs()).toBeGreaterThanOrEqual(deadline);
      expect(clock.monotonicMs()).toBeLessThan(deadline + 200);
      expect(exits).toMatchObject([{ outcome: "LOST" }]);
      expect(alive()).toEqual([]);
      processes.setDeadline(inTime(60_000));
      await processes.start(spec("2-1", "true"));
      await until("the second exit", () => exits[1]);
    });
  });

  test("are lost when the guard dies, and a new guard runs the next", async () => {
    await withProcesses(async (processes, exits) => {
      processes.setDeadline(inTime(60_000));
      await processes.start(spec("1-1", "setsid sleep 61 & sleep 62"));
      await untilAlive(3);
      const guard = readRecord<{ pid: number }>(guardRecordPath(dataDirectory));
      process.kill(guard?.pid ?? 0, "SIGKILL");
      await until("the exit", () => exits[0]);
      expect(exits).toMatchObject([{ outcome: "LOST" }]);
      expect(alive()).toEqual([]);
      await processes.start(spec("2-1", "true"));
      await until("the second exit", () => exits[1]);
      expect(exits[1]).toMatchObject({ outcome: "SUCCESS" });
    });
  });

  test("that are asked for while the node leaves are no fault of their scripts", async () => {
    await withProcesses(async (processes) => {
      processes.setDeadline(clock.monotonicMs() + 60_000);
      // One that the guard has not answered yet, and one that comes too late.
      const pending = processes.start(spec("1-1", "exec sleep 60")).catch((error: unknown) => error);
      const closing = processes.close();
      const late = processes.start(spec("2-1", "exec sleep 60")).catch((error: unknown) => error);
      await closing;
      expect(await late).toMatchObject({ name: "NotStartedError", leaseOver: true });
      const first = await pending;
      // It may have been quicker than the end.
      const isItsFault = first instanceof Error && !(first instanceof NotStartedError && first.leaseOver);
      expect(isItsFault).toBe(false);
    });
  });

  test("cannot be had without a guard", async () => {
    const guardPath = path.join(bundle.directory, "absent.cjs");
    await expect(
      startGuardedProcesses({ dataDirectory, clock, guardPath, environment: process.env }),
    ).rejects.toThrow("npm run build");
  });
});

describe("the guard of a node that cannot act", () => {
  /** A program that starts one task and then waits for ever: what the node is in these tests. */
  const NODE_PROGRAM = `
    import { createSystemClock } from "${path.resolve("src/base/index.ts")}";
    import { startGuardedProcesses } from "${path.resolve("src/task/process/index.ts")}";
    const [guardPath, dataDirectory, leaseMs, spec] = process.argv.slice(2);
    const clock = createSystemClock();
    startGuardedProcesses({ dataDirectory, clock, guardPath, environment: process.env }).then(async (processes) => {
      processes.setDeadline(clock.monotonicMs() + Number(leaseMs));
      await processes.start(JSON.parse(spec));
      clock.setPeriodic(1000, () => undefined);
    });`;

  let program = "";
  beforeAll(() => {
    program = path.join(bundle.directory, "node-program.cjs");
    buildSync({
      stdin: { contents: NODE_PROGRAM, resolveDir: path.resolve("."), loader: "ts" },
      bundle: true,
      platform: "node",
      format: "cjs",
      outfile: program,
    });
  });

  function startNode(leaseMs: number): ChildProcess {
    const task = JSON.stringify(spec("1-1", "setsid sleep 61 & sleep 62"));
    const args = [program, bundle.guardPath, dataDirectory, String(leaseMs), task];
    return spawn(process.execPath, args, { stdio: "inherit" });
  }

  async function untilGuardGone(): Promise<void> {
    const guard = readRecord<{ pid: number }>(guardRecordPath(dataDirectory));
    await until("the guard to exit", () => (existsSync(`/proc/${guard?.pid}`) ? undefined : true));
  }

  test("kills everything and goes when the node is killed", async () => {
    const node = startNode(60_000);
    await untilAlive(3);
    node.kill("SIGKILL");
    await untilAlive(0);
    await untilGuardGone();
    expect(alive()).toEqual([]);
  });

  test("kills everything at the deadline though the node is stopped", async () => {
    const node = startNode(1500);
    const started = clock.monotonicMs();
    await untilAlive(3);
    node.kill("SIGSTOP");
    await untilAlive(0);
    expect(clock.monotonicMs() - started).toBeGreaterThan(1400);
    node.kill("SIGKILL");
    await untilGuardGone();
  });
});
