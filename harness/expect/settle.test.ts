import { expect, test } from "@jest/globals";
import { createSystemClock } from "../../src/base/index.ts";
import type { Snapshot } from "../observe/evidence.ts";
import { evidenceOf, instanceRow } from "./evidence-builder.ts";
import type { Judgement } from "./finding.ts";
import { settleExpectations } from "./settle.ts";

const PASS: Judgement = { verdict: "PASS", findings: [] };
const FAIL: Judgement = { verdict: "FAIL", findings: [] };
const clock = createSystemClock();

const resting = evidenceOf().snapshot;
const moving = evidenceOf({ instances: [instanceRow(1, "RUNNING_EXECUTION")] }).snapshot;

interface Script {
  readonly snapshots: readonly Snapshot[];
  readonly judgements: readonly Judgement[];
  readonly withinMs?: number;
}

/** One look after the other; the last one for ever. */
async function settle({ snapshots, judgements, withinMs = 2000 }: Script) {
  let looks = 0;
  const startMs = clock.monotonicMs();
  const settled = await settleExpectations({
    clock,
    withinMs,
    stableForMs: 100,
    everyMs: 10,
    snapshot: () => Promise.resolve(snapshots[Math.min(looks, snapshots.length - 1)] ?? resting),
    judgeNow: () => judgements[Math.min(looks++, judgements.length - 1)] ?? FAIL,
  });
  return { verdict: settled.judgement.verdict, tookMs: clock.monotonicMs() - startMs };
}

test("a PASS has to last", async () => {
  const { verdict, tookMs } = await settle({
    snapshots: [moving],
    judgements: [FAIL, FAIL, PASS, FAIL, PASS],
  });
  expect(verdict).toBe("PASS");
  expect(tookMs).toBeGreaterThanOrEqual(100);
  expect(tookMs).toBeLessThan(1000);
});

test("what is at rest and wrong need not be waited for", async () => {
  const { verdict, tookMs } = await settle({ snapshots: [moving, resting], judgements: [FAIL] });
  expect(verdict).toBe("FAIL");
  expect(tookMs).toBeGreaterThanOrEqual(100);
  expect(tookMs).toBeLessThan(1000);
});

test("what still moves is waited for to the limit", async () => {
  const { verdict, tookMs } = await settle({ snapshots: [moving], judgements: [FAIL], withinMs: 300 });
  expect(verdict).toBe("FAIL");
  expect(tookMs).toBeGreaterThanOrEqual(300);
});

test("a PASS that comes at the last moment still gets its time", async () => {
  // By the clock, not by the number of looks: a busy machine takes fewer.
  const passesFromMs = clock.monotonicMs() + 450;
  const settled = await settleExpectations({
    clock,
    withinMs: 500,
    stableForMs: 300,
    everyMs: 10,
    snapshot: () => Promise.resolve(moving),
    judgeNow: () => (clock.monotonicMs() >= passesFromMs ? PASS : FAIL),
  });
  expect(settled.judgement.verdict).toBe("PASS");
});

test("what is final is judged at once, what may still come is waited for", async () => {
  const finding = { kind: "expectation", pointer: "", message: "" } as const;
  const settleWith = async (code: string, processes: Snapshot["processes"] = []): Promise<number> => {
    const startMs = clock.monotonicMs();
    await settleExpectations({
      clock,
      withinMs: 900,
      stableForMs: 50,
      restForMs: 400,
      everyMs: 10,
      snapshot: () => Promise.resolve({ ...resting, processes }),
      judgeNow: () => ({ verdict: "FAIL", findings: [{ ...finding, code }] }),
    });
    return clock.monotonicMs() - startMs;
  };
  expect(await settleWith("instances")).toBeLessThan(350);
  const tookMs = await settleWith("alerts");
  expect(tookMs).toBeGreaterThanOrEqual(400);
  expect(tookMs).toBeLessThan(850);
  // A process that is not registered (yet): the cluster still moves.
  const running = { node: "worker-1", status: "running", exitCode: undefined } as const;
  expect(await settleWith("alerts", [running])).toBeGreaterThanOrEqual(900);
});

test("a PASS after which the world went dark is no PASS", async () => {
  let looks = 0;
  const settling = settleExpectations({
    clock,
    withinMs: 100,
    stableForMs: 50,
    everyMs: 10,
    snapshot: () => (looks++ === 0 ? Promise.resolve(resting) : Promise.reject(new Error("frozen"))),
    judgeNow: () => PASS,
  });
  await expect(settling).rejects.toThrow("frozen");
});

test("a world that cannot be seen is an error, not a hang", async () => {
  const settling = settleExpectations({
    clock,
    withinMs: 100,
    stableForMs: 10,
    everyMs: 10,
    snapshot: () => Promise.reject(new Error("frozen")),
    judgeNow: () => PASS,
  });
  await expect(settling).rejects.toThrow("frozen");
});
