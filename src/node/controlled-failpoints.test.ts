import { beforeEach, expect, test } from "@jest/globals";
import { createSystemClock, FailpointError } from "../base/index.ts";
import type { ControlMessage, EventBody } from "../model/index.ts";
import { type ControlledFailpoints, createControlledFailpoints } from "./controlled-failpoints.ts";

const AT = "failover.batch.inside";
let seen: EventBody[] = [];
let deaths = 0;
let failpoints: ControlledFailpoints;

beforeEach(() => {
  seen = [];
  deaths = 0;
  failpoints = createControlledFailpoints({
    events: { emit: (event) => seen.push(event) },
    clock: createSystemClock(),
    kill: () => {
      deaths += 1;
    },
  });
});

function arm(what: Partial<Extract<ControlMessage, { kind: "arm-failpoint" }>>): void {
  failpoints.control({ kind: "arm-failpoint", armId: 1, at: AT, do: "hold", ...what });
}

/** "open" when the promise is settled within a few turns of the event loop, else "held". */
async function look(reached: Promise<void>): Promise<string> {
  let state = "held";
  void reached.then(() => (state = "open"));
  for (let turn = 0; turn < 5; turn += 1) await new Promise((resolve) => setImmediate(resolve));
  return state;
}

test("does nothing unless it was armed, for that place and that workflow", async () => {
  arm({ workflowInstanceId: 7 });
  await failpoints.reach("failover.batch.before", { workflowInstanceId: 7 });
  await failpoints.reach(AT, { workflowInstanceId: 8 });
  await failpoints.reach(AT);
  expect(seen).toEqual([]);
});

test("holds until it is released, and says so before", async () => {
  arm({});
  const first = failpoints.reach(AT, { workflowInstanceId: 7 });
  const second = failpoints.reach(AT);
  expect(seen).toEqual([
    { type: "failpoint.reached", name: AT, held: true, holdId: 1, armId: 1, workflowInstanceId: 7 },
    { type: "failpoint.reached", name: AT, held: true, holdId: 2, armId: 1 },
  ]);
  expect(await look(first)).toBe("held");
  failpoints.control({ kind: "release-failpoint", holdId: 1 });
  expect(await look(first)).toBe("open");
  expect(await look(second)).toBe("held");
  failpoints.control({ kind: "disarm-failpoint", armId: 1 });
  expect(await look(second)).toBe("open");
  expect(await look(failpoints.reach(AT))).toBe("open");
});

test("does it only the nth time", async () => {
  arm({ do: "fail", nth: 2 });
  await failpoints.reach(AT);
  await expect(failpoints.reach(AT)).rejects.toThrow(FailpointError);
  await failpoints.reach(AT);
  expect(seen).toHaveLength(1);
});

test("dies, and lets nothing happen after that", async () => {
  arm({ do: "die" });
  expect(await look(failpoints.reach(AT))).toBe("held");
  expect(deaths).toBe(1);
  expect(seen).toMatchObject([{ held: false }]);
});

test("delays", async () => {
  arm({ do: "delay", delayMs: 30 });
  const clock = createSystemClock();
  const before = clock.monotonicMs();
  await failpoints.reach(AT);
  expect(clock.monotonicMs() - before).toBeGreaterThan(25);
});
