import { expect, test } from "@jest/globals";
import { type Answer, combine, judgeDependence } from "./dependence.ts";

test.each<["AND" | "OR", readonly Answer[], Answer]>([
  ["AND", ["yes", "yes"], "yes"],
  ["AND", ["yes", "waiting"], "waiting"],
  ["AND", ["waiting", "no"], "no"],
  ["OR", ["no", "no"], "no"],
  ["OR", ["no", "waiting"], "waiting"],
  ["OR", ["waiting", "yes", "no"], "yes"],
  ["AND", [], "yes"],
  ["OR", [], "yes"],
])("%s of %j is %s", (relation, answers, expected) => {
  expect(combine(relation, answers)).toBe(expected);
});

test("groups are combined, and then the groups", () => {
  const groups = [
    { relation: "OR", items: ["no", "yes"] },
    { relation: "AND", items: ["yes", "no"] },
  ] as const;
  const answerOf = (item: string): Answer => (item === "yes" ? "yes" : "no");
  expect(judgeDependence({ relation: "OR", groups }, answerOf)).toBe("yes");
  expect(judgeDependence({ relation: "AND", groups }, answerOf)).toBe("no");
});
