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
  const judgements = [...Array.from({ length: 26 }, () => FAIL), PASS];
  const { verdict } = await settle({ snapshots: [moving], judgements, withinMs: 300 });
  expect(verdict).toBe("PASS");
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
