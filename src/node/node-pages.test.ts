import { afterEach, describe, expect, test } from "@jest/globals";
import { createSystemClock } from "../base/index.ts";
import type { EventBody, NodeEvent } from "../model/index.ts";
import { createHttpRpcServer } from "../rpc/http/index.ts";
import type { RpcServer } from "../rpc/index.ts";
import { createNodeFigures } from "./node-figures.ts";
import { createNodePages, gaugeBy, type NodeHealth } from "./node-pages.ts";

const clock = createSystemClock();
const WELL: NodeHealth = {
  live: true,
  session: "CONNECTED",
  leaseMs: 900,
  database: "ANSWERS",
  draining: false,
  busy: false,
  incarnation: "i1",
};
const said = (body: EventBody): NodeEvent => {
  return { seq: 1, node: "m:1", incarnation: "i1", wallMs: 0, monoMs: 0, ...body };
};

let server: RpcServer | undefined;
afterEach(() => server?.close(0));

async function serve(health: NodeHealth, figures = createNodeFigures(clock)) {
  const gauges = () => [gaugeBy("state", "failover_tasks", "Tasks.", [["DISPATCH", 2]])];
  const pages = createNodePages({ kind: "master", address: "m:1", health: () => health, gauges, figures });
  server = await createHttpRpcServer({ listen: { host: "127.0.0.1", port: 0 }, handlers: {}, pages, clock });
  const { port } = server;
  return async (page: string) => {
    const response = await fetch(`http://127.0.0.1:${port}${page}`);
    return {
      status: response.status,
      text: await response.text(),
      type: response.headers.get("content-type"),
    };
  };
}

describe("the health page", () => {
  test("is 200 while the node can work", async () => {
    const get = await serve(WELL);
    const { status, text } = await get("/health");
    expect([status, JSON.parse(text)]).toMatchObject([200, { status: "UP", reasons: [], incarnation: "i1" }]);
  });

  test("is 503 with every reason, while the process is live all the same", async () => {
    const get = await serve({
      ...WELL,
      session: "SUSPENDED",
      leaseMs: 0,
      database: "SILENT",
      draining: true,
    });
    const { status, text } = await get("/health/ready");
    expect(status).toBe(503);
    expect((JSON.parse(text) as { reasons: string[] }).reasons).toEqual([
      "it is draining: it was asked to stop",
      "the registry session is SUSPENDED",
      "the lease deadline has passed: nothing may have an effect",
      "the database does not answer",
    ]);
    expect((await get("/health/live")).status).toBe(200);
  });

  test("says that a fenced life is over", async () => {
    const get = await serve({ ...WELL, live: false });
    expect([(await get("/health/live")).status, (await get("/health")).status]).toEqual([503, 503]);
  });
});

test("the metrics page counts what the node said, in Prometheus's text", async () => {
  const figures = createNodeFigures(clock);
  const dead = { kind: "worker", of: "w:1", ofIncarnation: "w1" } as const;
  const task = { workflowInstanceId: 1, taskInstanceId: 2, taskName: "A", flag: 1, epoch: 1 } as const;
  const events: EventBody[] = [
    { type: "cluster.node.left", ...dead },
    { type: "failover.started", ...dead },
    { type: "failover.finished", ...dead, workflows: 3, tasks: 4 },
    { type: "fence.rejected", what: "x" },
    { type: "task.state", ...task, from: "DISPATCH", state: "SUBMITTED_SUCCESS" },
    { type: "log", level: "warn", message: "x" },
    { type: "log", level: "warn", message: "y" },
  ];
  for (const event of events) figures.note(said(event));
  const get = await serve(WELL, figures);
  for (const { text, type } of [await get("/metrics"), await get("/metrics")]) {
    expect(type).toContain("text/plain");
    for (const line of [
      'failover_tasks{state="DISPATCH"} 2',
      'failover_registry_session_state{state="CONNECTED"} 1',
      'failover_failovers_finished_total{kind="worker"} 1',
      "failover_failover_workflows_total 3",
      'failover_failover_duration_seconds_count{kind="worker"} 1',
      'failover_detection_duration_seconds_count{kind="worker"} 1',
      "failover_fenced_writes_total 1",
      "failover_dispatch_refusals_total 1",
      'failover_log_entries_total{level="warn"} 2',
      "failover_ready 1",
    ]) {
      expect(text).toContain(line);
    }
    expect(text).toContain("nodejs_eventloop_lag_p99_seconds");
  }
});
