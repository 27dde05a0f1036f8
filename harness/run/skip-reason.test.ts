import { describe, expect, test } from "@jest/globals";
import { WaitTimeoutError } from "../../src/base/index.ts";
import { HarnessError } from "../base/index.ts";
import type { Requirements, ResolvedCase, Step } from "../case/index.ts";
import { exampleCase, ms } from "../given/example-case.ts";
import { ownServices, skipReason } from "./skip-reason.ts";
import { troubleOf } from "./trouble-of.ts";

const here = { tier: "embedded", registryKind: "jdbc" } as const;

function requiring(requires: Partial<Requirements>): ResolvedCase {
  const nothing = { registry: [], environment: [], capabilities: [] };
  return { ...exampleCase({}), requires: { ...nothing, ...requires } };
}

describe("a case is skipped", () => {
  test.each([
    [{}, undefined],
    [{ registry: ["jdbc", "etcd"] as const }, undefined],
    [{ registry: ["etcd"] as const }, "it requires the registry etcd; here it is jdbc"],
    [{ environment: ["containers"] as const }, "it requires the environment containers; here it is embedded"],
    [{ capabilities: ["own-service"] as const }, undefined],
    [{ capabilities: ["clock"] as const }, "it requires clock, which no environment has yet"],
  ])("%j: %s", (requires, reason) => {
    expect(skipReason(requiring(requires), here)).toBe(reason);
  });

  test("for an action that this version does not have, with its reason", () => {
    const unsupported = [{ reason: "`outage` is not there yet", pointer: "/inject/0" }];
    expect(skipReason({ ...exampleCase({}), unsupported }, here)).toBe("`outage` is not there yet");
  });
});

test("a service that a step breaks is the case's own", () => {
  const step: Step = {
    id: "step-1",
    pointer: "/inject/0",
    when: undefined,
    action: { kind: "kill", target: { kind: "service", service: "database" } },
    for: undefined,
    landsWithin: ms(5000),
    times: 1,
    every: undefined,
  };
  expect(ownServices({ ...exampleCase({}), steps: [step] })).toEqual({ registry: false, database: true });
});

describe("an error that ends a case", () => {
  test("of the environment is the verdict ERROR with its code", () => {
    const problem = { code: "environment/gone", what: "it is gone", fix: "start it" };
    expect(troubleOf(new HarnessError([problem]))).toMatchObject({
      verdict: "ERROR",
      code: "environment/gone",
      message: "it is gone; start it",
    });
    expect(troubleOf(new WaitTimeoutError("waited"))).toMatchObject({ code: "waited-in-vain" });
    const refused = Object.assign(new Error("connect"), { code: "ECONNREFUSED" });
    expect(troubleOf(refused)).toMatchObject({ message: "connect (ECONNREFUSED)" });
  });

  test("of our own code is a bug and no verdict", () => {
    expect(troubleOf(new TypeError("x is undefined"))).toBeUndefined();
  });
});
