import { describe, expect, test } from "@jest/globals";
import { diffTrees, type Tree, type TreeNode } from "./tree-diff.ts";

function tree(...nodes: readonly (readonly [path: string, value: string, birth: string])[]): Tree {
  const entries = nodes.map(([path, value, birth]): [string, TreeNode] => [
    path,
    { path, value, birth, sessionId: null },
  ]);
  return new Map(entries);
}

function diff(before: Tree, after: Tree): string[] {
  return diffTrees(before, after).map(({ type, path, value }) => `${type} ${path} ${value}`);
}

describe("differences of two trees", () => {
  test("none between equal ones", () => {
    expect(diff(tree(["/a", "1", "x"]), tree(["/a", "1", "x"]))).toEqual([]);
  });

  test("removals come first, with the last value, then the rest by path", () => {
    const before = tree(["/b", "old", "1"], ["/c", "same", "2"], ["/d", "one", "3"]);
    const after = tree(["/d", "two", "3"], ["/c", "same", "2"], ["/a", "new", "4"]);
    expect(diff(before, after)).toEqual(["REMOVED /b old", "ADDED /a new", "UPDATED /d two"]);
  });

  test("R10: one that went and came again is a removal and an arrival, also with the same value", () => {
    expect(diff(tree(["/a", "1", "x"]), tree(["/a", "1", "y"]))).toEqual(["REMOVED /a 1", "ADDED /a 1"]);
  });
});
