import { describe, expect, test } from "@jest/globals";
import { Lane } from "./lane.ts";

/** Work that is over when it is told so. */
function openWork(): { readonly work: () => Promise<void>; finish(): void; readonly started: () => boolean } {
  let begun = false;
  let finish: () => void = () => undefined;
  const over = new Promise<void>((resolve) => {
    finish = resolve;
  });
  return {
    work() {
      begun = true;
      return over;
    },
    finish: () => finish(),
    started: () => begun,
  };
}

describe("a lane", () => {
  test("lets so many through at a time, and the next in the order in which they came", async () => {
    const lane = new Lane(2);
    const [first, second, third, fourth] = [openWork(), openWork(), openWork(), openWork()];
    const passes = [first, second, third, fourth].map(({ work }) => lane.pass(work));
    expect([first, second, third, fourth].map(({ started }) => started())).toEqual([
      true,
      true,
      false,
      false,
    ]);
    second.finish();
    await passes[1];
    await Promise.resolve();
    expect([third.started(), fourth.started()]).toEqual([true, false]);
    for (const each of [first, third, fourth]) each.finish();
    await Promise.all(passes);
  });

  test("goes on after an error", async () => {
    const lane = new Lane(1);
    await expect(lane.pass(() => Promise.reject(new Error("no")))).rejects.toThrow("no");
    expect(await lane.pass(async () => 7)).toBe(7);
  });
});
