import { expect, test } from "@jest/globals";
import { createSeededRandom } from "../base/index.ts";
import { compareWaiting, WaitingLine } from "./waiting-line.ts";

test("a line keeps the order of priorities, then of age, whatever comes and goes", () => {
  const random = createSeededRandom(3);
  const line = new WaitingLine<{ taskId: number; order: readonly number[] }>();
  const items = Array.from({ length: 200 }, (_, taskId) => ({
    taskId,
    order: [random.below(3), random.below(3), -random.below(3), random.below(5)],
  }));
  for (const item of items) line.add(item);
  const kept = items.filter(({ taskId }) => taskId % 3 !== 0);
  for (const item of items) if (item.taskId % 3 === 0) line.remove(item);
  // What is not there is not taken for something that is.
  line.remove({ taskId: 1, order: [9] });
  const seen = [];
  for (let head = line.head; head !== undefined; head = line.head) {
    seen.push(head);
    line.remove(head);
  }
  expect(seen).toEqual(kept.toSorted(compareWaiting));
});
