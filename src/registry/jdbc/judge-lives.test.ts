import { describe, expect, test } from "@jest/globals";
import { judgeLives, type Lives } from "./judge-lives.ts";

const T = 1000;

/** Polls one session at these instants (sent; answered 2 ms later), with these beats; tells when it was silent. */
function poll(...polls: readonly (readonly [sentMs: number, beatNo: string])[]): readonly number[] {
  let lives: Lives | undefined;
  const silentAt: number[] = [];
  for (const [sentMs, beatNo] of polls) {
    const beats = [{ sessionId: "7", beatNo, timeoutMs: T }];
    const judged = judgeLives(lives, { sentMs, answeredMs: sentMs + 2, beats });
    lives = judged.lives;
    if (judged.silent.length > 0) silentAt.push(sentMs);
  }
  return silentAt;
}

const every = (periodMs: number, untilMs: number, beatNo: (ms: number) => string): [number, string][] =>
  Array.from({ length: untilMs / periodMs + 1 }, (_, n) => [n * periodMs, beatNo(n * periodMs)]);

describe("judging lives by their beats", () => {
  test("one that beats is never silent", () => {
    expect(poll(...every(100, 5000, (ms) => String(Math.floor(ms / 200))))).toEqual([]);
  });

  test("one whose beat has not changed for T of our time is silent, and not before", () => {
    expect(poll(...every(100, 1100, () => "1"))).toEqual([1100]);
  });

  test("the age of a beat counts from the answer that showed it, not from the question", () => {
    expect(poll([0, "1"], [400, "1"], [800, "1"], [1001, "1"])).toEqual([]);
    expect(poll([0, "1"], [400, "1"], [800, "1"], [1002, "1"])).toEqual([1002]);
  });

  test("R26: after a gap of our own of more than T / 2 it has all of T again", () => {
    const before = every(100, 900, () => "1");
    expect(poll(...before, [1500, "1"], [1900, "1"], [2300, "1"], [2502, "1"])).toEqual([2502]);
  });

  test("R26: a gap of T / 2 at most costs nothing", () => {
    expect(poll([0, "1"], [500, "1"], [1000, "1"], [1100, "1"])).toEqual([1100]);
  });

  test("R23 (DS-latent-10.4-17): only our own clock counts: it needs no time of anybody else", () => {
    // The same polls on a clock that is a day ahead.
    const day = 86_400_000;
    expect(poll(...every(100, 1100, () => "1").map(([ms, no]): [number, string] => [ms + day, no]))).toEqual([
      1100 + day,
    ]);
  });

  test("each has its own time-out", () => {
    const beats = [
      { sessionId: "quick", beatNo: "1", timeoutMs: 200 },
      { sessionId: "slow", beatNo: "1", timeoutMs: 2000 },
    ];
    let lives: Lives | undefined;
    const silent = new Set<string>();
    for (let ms = 0; ms <= 300; ms += 50) {
      const judged = judgeLives(lives, { sentMs: ms, answeredMs: ms, beats });
      lives = judged.lives;
      for (const { sessionId } of judged.silent) silent.add(sessionId);
    }
    expect([...silent]).toEqual(["quick"]);
  });
});
