import { describe, expect, test } from "@jest/globals";
import { HarnessError } from "../base/index.ts";
import { explain, tellingLine, wellKnownProblem } from "./problems.ts";

describe("the reason behind a failure", () => {
  test("a full disk", () => {
    const problem = wellKnownProblem("PANIC:  could not write to file: No space left on device", "/data");
    expect(problem).toMatchObject({ code: "disk-full", what: "no space left in /data" });
  });

  test("a taken port, as the system and as Postgres say it", () => {
    expect(wellKnownProblem("listen EADDRINUSE: address already in use 127.0.0.1:1", "")?.code).toBe(
      "port-taken",
    );
    const log = 'LOG:  could not bind IPv4 address "127.0.0.1": Address already in use';
    expect(wellKnownProblem(log, "")?.code).toBe("port-taken");
  });

  test("anything else keeps its own words", () => {
    const otherwise = { code: "postgres-not-startable", what: "it did not start", fix: "do this" } as const;
    const error = explain(new Error("segmentation fault\nat line 1"), "/data", otherwise);
    expect(error.problems).toEqual([
      {
        code: "environment/postgres-not-startable",
        what: "it did not start",
        why: "segmentation fault",
        fix: "do this",
      },
    ]);
  });

  test("a problem that is known already stays what it is", () => {
    const known = new HarnessError([{ code: "environment/no-docker", what: "no Docker" }]);
    expect(explain(known, "", { code: "disk-full", what: "something else" })).toBe(known);
  });
});

test("the line of an output that says most", () => {
  expect(tellingLine("starting\nFATAL:  data directory has wrong ownership\nbye\n")).toBe(
    "FATAL:  data directory has wrong ownership",
  );
  expect(tellingLine("one\ntwo\n")).toBe("two");
  expect(tellingLine("\n")).toBe("it said nothing");
});
