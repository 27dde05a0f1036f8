import { describe, expect, test } from "@jest/globals";
import type { FailoverRow, ServerRow } from "../store/index.ts";
import { planReconciliation, type ReconcileInput } from "./plan.ts";

const server = (incarnation: string, more: Partial<ServerRow> = {}): ServerRow => ({
  incarnation,
  kind: "master",
  address: `${incarnation}:5678`,
  sessionNo: 1,
  state: "ALIVE",
  startupTime: 0,
  ...more,
});
const failover = (incarnation: string, rescuer: string, more: Partial<FailoverRow> = {}): FailoverRow => ({
  incarnation,
  kind: "master",
  address: `${incarnation}:5678`,
  phase: "FENCED",
  rescuer,
  token: 1,
  cursorId: 0,
  workflows: 0,
  tasks: 0,
  marked: false,
  ...more,
});

function plan(more: Partial<ReconcileInput>) {
  return planReconciliation({
    me: "me",
    servers: [],
    registered: new Set(["me"]),
    failovers: [],
    standingMs: () => 0,
    joinLimitMs: 100,
    rescueStallMs: 100,
    ...more,
  });
}

describe("servers", () => {
  test("one that stands in the table and not in the registry is suspect", () => {
    expect(plan({ servers: [server("other")] })).toMatchObject([
      { kind: "suspect", server: { incarnation: "other" } },
    ]);
  });

  test("a registered one is never touched, and neither is oneself", () => {
    expect(plan({ servers: [server("other"), server("me")], registered: new Set(["other"]) })).toEqual([]);
  });

  test("one that joins gets its time", () => {
    const servers = [server("new", { state: "JOINING" })];
    expect(plan({ servers })).toEqual([]);
    expect(plan({ servers, standingMs: () => 100 })).toMatchObject([{ kind: "suspect" }]);
  });
});

describe("failovers that are not finished", () => {
  const servers = [server("rescuer")];
  const registered = new Set(["rescuer"]);

  test("a dead rescuer's is taken over", () => {
    expect(plan({ failovers: [failover("dead", "gone")] })).toMatchObject([{ kind: "adopt" }]);
  });

  test("a living rescuer's is left alone, until its sweep stands still", () => {
    const failovers = [failover("dead", "rescuer")];
    expect(plan({ servers, registered, failovers })).toEqual([]);
    expect(plan({ servers, registered, failovers, standingMs: () => 100 })).toMatchObject([
      { kind: "adopt" },
    ]);
  });

  test("a worker's failover waits for the owners of its tasks, so its standing still means nothing", () => {
    const failovers = [failover("dead", "rescuer", { kind: "worker" })];
    expect(plan({ servers, registered, failovers, standingMs: () => 100 })).toEqual([]);
  });

  test("one's own that nobody works at is gone on with", () => {
    expect(plan({ failovers: [failover("dead", "me")] })).toMatchObject([{ kind: "resume" }]);
  });
});
