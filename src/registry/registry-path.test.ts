import { describe, expect, test } from "@jest/globals";
import { checkNode, checkPath, childNames, isWithin } from "./registry-path.ts";

describe("paths", () => {
  test("are absolute, with whole segments", () => {
    for (const path of ["/", "/a", "/nodes/master/a:1@x", "/a/.b/c..d"])
      expect(() => checkPath(path)).not.toThrow();
    for (const path of ["", "a", "/a/", "//", "/a//b", "/.", "/a/..", "/a\0", "/.locks"]) {
      expect(() => checkPath(path)).toThrow("is no path of the registry");
    }
  });

  test("the root is no node, and a zero character no value", () => {
    expect(() => checkNode("/")).toThrow("the root of the registry is no node");
    expect(() => checkNode("/a", "x\0")).toThrow("zero character");
  });

  test("R35: lie within a prefix by whole segments", () => {
    expect(isWithin("/a", "/a")).toBe(true);
    expect(isWithin("/a", "/a/b")).toBe(true);
    expect(isWithin("/a", "/ab")).toBe(false);
    expect(isWithin("/", "/ab")).toBe(true);
  });

  test("R35: children are cut at the next slash, once each, sorted", () => {
    const paths = ["/a/c/d", "/a/b", "/a/c/e", "/ab/x", "/a"];
    expect(childNames("/a", paths)).toEqual(["b", "c"]);
    expect(childNames("/", paths)).toEqual(["a", "ab"]);
  });
});
