import { describe, expect, test } from "@jest/globals";
import type { Json } from "../case/resolved-case.ts";
import { type MatchScope, matches, mismatchOf } from "./matchers.ts";

const scope = (): MatchScope => ({
  bindings: new Map(),
  sessionTimeoutMs: 1000,
  replaceNodes: (text) => text.replace("<master-1>", "a:1"),
});
const fits = (expected: Json, actual: Json | undefined): boolean => matches(expected, actual, scope());

describe("matchers", () => {
  const rows: readonly (readonly [string, Json, Json | undefined, boolean])[] = [
    ["a word", "SUCCESS", "SUCCESS", true],
    ["another word", "SUCCESS", "FAILURE", false],
    ["a number", 1, 1, true],
    ["a number as text", 1, "1", true],
    ["null for absent", null, undefined, true],
    ["null against a value", null, 0, false],
    ["zero against nothing", 0, undefined, false],
    ["zero against null", 0, null, false],
    ["true in a table", true, 1, true],
    ["a node in a text", "/nodes/<master-1>", "/nodes/a:1", true],
    ["a partial map", { a: 1 }, { a: 1, b: 2 }, true],
    ["a map that lacks a key", { a: 1, c: 3 }, { a: 1, b: 2 }, false],
    ["an exact list", [1, 2], [1, 2], true],
    ["a list with more", [1, 2], [1, 2, 3], false],
    ["a list with less", [1, 2], [1], false],
    ["a list with $rest", [1, { $rest: "ignore" }], [1, 2, 3], true],
    ["$rest does not fill gaps", [2, { $rest: "ignore" }], [1, 2], false],
    ["$in", { $in: ["A", "B"] }, "B", true],
    ["$in without it", { $in: ["A", "B"] }, "C", false],
    ["$not", { $not: "A" }, "B", true],
    ["$not of the same", { $not: { $in: ["A"] } }, "A", false],
    ["$exists", { $exists: true }, 0, true],
    ["$exists of null", { $exists: true }, null, false],
    ["$exists false of null", { $exists: false }, null, true],
    ["$regex", { $regex: "^a.c$" }, "abc", true],
    ["$regex that differs", { $regex: "^a.c$" }, "abd", false],
    ["$gt and $lt", { $gt: 1, $lt: 3 }, 2, true],
    ["$gt and $lt of which one fails", { $gt: 1, $lt: 3 }, 3, false],
    ["$gte and $lte", { $gte: 3, $lte: 3 }, 3, true],
    ["$lte of sessions", { $lte: "3 sessions" }, 2999, true],
    ["$lte of too many sessions", { $lte: "3 sessions" }, 3001, false],
    ["$gt of nothing", { $gt: 0 }, null, false],
    ["$contains in a text", { $contains: "b" }, "abc", true],
    ["$contains in a list", { $contains: { a: 1 } }, [{ a: 2 }, { a: 1, b: 2 }], true],
    ["$contains in a map", { $contains: { a: 1 } }, { a: 1, b: 2 }, true],
    ["$contains of a key", { $contains: "b" }, { a: 1, b: 2 }, true],
    ["$contains without it", { $contains: "x" }, ["y"], false],
    ["$unordered", { $unordered: [1, 2] }, [2, 1], true],
    ["$unordered with more", { $unordered: [1, 2] }, [2, 1, 3], false],
    ["$unordered finds its way back", { $unordered: [{ $gt: 0 }, 1] }, [1, 2], true],
    ["an unknown matcher", { $like: "x" }, "x", false],
  ];
  test.each(rows)("%s", (_name, expected, actual, result) => {
    expect(fits(expected, actual)).toBe(result);
  });

  test("$bind holds for later $ref", () => {
    const one = scope();
    expect(matches([{ $bind: "x" }, { $ref: "x" }], [5, 5], one)).toBe(true);
    expect(matches({ $ref: "x" }, 6, one)).toBe(false);
    expect(matches({ $not: { $ref: "x" } }, 6, one)).toBe(true);
  });

  test("what does not match is named by its path", () => {
    const found = mismatchOf({ tasks: { A: ["SUCCESS"] } }, { tasks: { A: ["FAILURE"] } }, scope());
    expect(found).toEqual({ path: ["tasks", "A", 0], expected: "SUCCESS", actual: "FAILURE" });
  });
});
