import { afterEach, describe, expect, test } from "@jest/globals";
import { CommanderError } from "commander";
import { createSystemClock, createSystemRandom, ReleaseStack } from "../base/index.ts";
import { createHttpRpcServer } from "../rpc/http/index.ts";
import type { ApiReply, ApiRequest } from "../rpc/index.ts";
import { CTL_EXIT, createCtl, NoMasterError } from "./index.ts";

const clock = createSystemClock();
const releases = new ReleaseStack();
afterEach(() => releases.release());

interface Master {
  readonly address: string;
  readonly asked: ApiRequest[];
}

async function startMaster(answer: (asked: ApiRequest, times: number) => ApiReply): Promise<Master> {
  const asked: ApiRequest[] = [];
  const server = await createHttpRpcServer({
    listen: { host: "127.0.0.1", port: 0 },
    handlers: {},
    clock,
    api: (request) => {
      asked.push(request);
      return Promise.resolve(answer(request, asked.length));
    },
  });
  releases.push("master", () => server.close(0));
  return { address: `127.0.0.1:${server.port}`, asked };
}

async function ctl(...args: string[]): Promise<{ code: number | string; out: string; err: string }> {
  let out = "";
  let err = "";
  let code: number | string = "none";
  const ports = {
    clock,
    random: createSystemRandom(),
    out: (text: string) => void (out += text),
    err: (text: string) => void (err += text),
  };
  const program = createCtl(ports, (exitCode) => {
    code = exitCode;
  });
  await program.parseAsync(args, { from: "user" }).catch((error: unknown) => {
    if (error instanceof CommanderError) code = error.code;
    else if (error instanceof NoMasterError) code = CTL_EXIT.unreachable;
    else throw error;
  });
  return { code, out, err };
}

const accepted: ApiReply = { status: 202, body: { accepted: true, workflowInstanceId: 7, requestId: "r" } };

function instance(state: string, command: object | null = null): ApiReply {
  return {
    status: 200,
    body: {
      instance: { id: 7, name: "etl-7", workflow: "etl", state, startTime: "2024-08-01T12:30:00.000Z" },
      attempts: [{ id: 1, task: "load", state: "SUCCESS", valid: true }],
      orders: [],
      command,
      errorCommands: [],
    },
  };
}

describe("failover ctl", () => {
  test("asks the next master when one is away, with the same request id", async () => {
    const stuck = await startMaster(() => ({ status: 503, body: { error: { code: "UNAVAILABLE" } } }));
    const good = await startMaster(() => accepted);
    const { code, out } = await ctl(
      "start",
      "etl",
      "--master",
      `127.0.0.1:1,${stuck.address},${good.address}`,
    );
    expect(code).toBe(CTL_EXIT.done);
    expect(out).toContain("start of instance 7 is accepted");
    const ids = [...stuck.asked, ...good.asked].map(({ headers }) => headers.get("idempotency-key"));
    expect(new Set(ids).size).toBe(1);
    expect(ids).toHaveLength(2);
  });

  test("sends what it was told, and nothing else", async () => {
    const master = await startMaster(() => accepted);
    const run = ["--depend", "only", "--priority", "high", "--dry-run", "--request-id", "mine"];
    const parameters = ["-p", "a=1", "-p", "b=x=y", "--from", "A,B"];
    await ctl("start", "my etl", "-m", master.address, ...parameters, ...run);
    expect(master.asked[0]).toMatchObject({ method: "POST", path: ["v1", "workflows", "my etl", "start"] });
    expect(master.asked[0]?.headers.get("idempotency-key")).toBe("mine");
    expect(master.asked[0]?.body).toEqual({
      params: { a: "1", b: "x=y" },
      startNodes: ["A", "B"],
      taskDependType: "TASK_ONLY",
      priority: "HIGH",
      dryRun: true,
    });
  });

  test("says that no master answered", async () => {
    const { code } = await ctl("list", "--master", "127.0.0.1:1", "--timeout", "0.3");
    expect(code).toBe(CTL_EXIT.unreachable);
  });

  test.each([
    [404, CTL_EXIT.refused],
    [409, CTL_EXIT.refused],
    [400, CTL_EXIT.invalid],
  ])("a refusal %d is said with its fix, exit code %d", async (status, wanted) => {
    const error = { code: "CONFLICT", message: "it has ended", fix: "repeat it" };
    const master = await startMaster(() => ({ status, body: { error } }));
    const { code, err } = await ctl("stop", "7", "--master", master.address);
    expect({ code, err }).toEqual({ code: wanted, err: "error it has ended [CONFLICT]\n  -> repeat it\n" });
  });

  test.each([
    ["repeat", "SUCCESS", CTL_EXIT.done],
    ["repeat", "FAILURE", CTL_EXIT.failure],
    ["stop", "STOP", CTL_EXIT.done],
    ["stop", "SUCCESS", CTL_EXIT.success],
    ["pause", "PAUSE", CTL_EXIT.done],
  ])("%s --wait that ends in %s is exit code %d", async (verb, end, wanted) => {
    // First the old end with the command that will change it, then the run, then the end.
    const looks = [instance("FAILURE", { id: 1 }), instance("RUNNING_EXECUTION"), instance(end)];
    const master = await startMaster(({ method }, times) =>
      method === "POST" ? accepted : (looks[times - 2] ?? instance(end)),
    );
    const { code, out } = await ctl(verb, "7", "--wait", "10", "--master", master.address);
    expect(code).toBe(wanted);
    expect(out).toMatch(/State: +(SUCCESS|FAILURE|STOP|PAUSE)/);
    expect(out).toMatch(/2024-08-01 12:30:00/);
    expect(master.asked).toHaveLength(4);
  });

  test("--wait gives up after its time", async () => {
    const master = await startMaster(({ method }) => (method === "POST" ? accepted : instance("READY_STOP")));
    const { code, err } = await ctl("stop", "7", "--wait", "0.3", "--master", master.address);
    expect(code).toBe(CTL_EXIT.stillRunning);
    expect(err).toContain("still in state READY_STOP");
  });

  test("--json prints what the master said", async () => {
    const master = await startMaster(() => instance("SUCCESS"));
    const { out } = await ctl("show", "7", "--json", "--master", master.address);
    expect(JSON.parse(out)).toEqual(instance("SUCCESS").body);
  });

  test.each([
    [["start", "etl"], "commander.missingMandatoryOptionValue"],
    [["stop", "x", "-m", "a:1"], "commander.invalidArgument"],
    [["stop", "7", "-m", "a"], "commander.invalidArgument"],
    [["strat", "etl"], "commander.unknownCommand"],
    [["--help"], "commander.helpDisplayed"],
  ])("%j is said to be wrong before anybody is asked", async (args, wanted) => {
    expect((await ctl(...args)).code).toBe(wanted);
  });
});
