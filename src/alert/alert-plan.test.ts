import { describe, expect, test } from "@jest/globals";
import { nextTry, planAlert } from "./alert-plan.ts";

const LIMITS = { retryBaseMs: 1000, retryMaxMs: 60_000, maxTries: 20, giveUpAfterMs: 3_600_000 };
const failed = { tries: 1, final: false, createdAtMs: 0, nowMs: 10_000, random: 0.5 };

describe("the next try", () => {
  test("comes after pauses that double up to the longest", () => {
    const pauses = [1, 2, 3, 6, 7, 19].map((tries) => (nextTry({ ...failed, tries }, LIMITS) ?? 0) - 10_000);
    expect(pauses).toEqual([1000, 2000, 4000, 32_000, 60_000, 60_000]);
  });

  test("has a fifth of its pause left to chance", () => {
    const at = (random: number): number => (nextTry({ ...failed, random }, LIMITS) ?? 0) - 10_000;
    expect([at(0), at(0.999)].map(Math.round)).toEqual([800, 1200]);
  });

  test.each([
    ["it is of no use", { final: true }],
    ["it was tried often enough", { tries: 20 }],
    ["it would be too old by then", { nowMs: 3_599_500 }],
  ])("does not come when %s", (_, what) => {
    expect(nextTry({ ...failed, ...what }, LIMITS)).toBeUndefined();
  });
});

describe("whom an alert goes to", () => {
  test("every channel of the group, each under a key of its own", () => {
    const channels = [
      { id: 4, name: "mail" },
      { id: 5, name: "mail" },
      { id: 6, name: null },
    ];
    expect(planAlert({ groupId: 1, channels, equal: undefined })).toEqual({
      kind: "send",
      channels: [
        { key: "mail", instanceId: 4 },
        { key: "mail#5", instanceId: 5 },
        { key: "#6", instanceId: 6 },
      ],
    });
  });

  test("nobody: said, also when an equal one was sent", () => {
    expect(planAlert({ groupId: 3, channels: undefined, equal: 1 })).toMatchObject({ kind: "nobody" });
    expect(planAlert({ groupId: 3, channels: [], equal: undefined })).toMatchObject({ kind: "nobody" });
  });
});
