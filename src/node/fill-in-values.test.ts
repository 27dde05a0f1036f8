import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, describe, expect, test } from "@jest/globals";
import { checkGrantedSession, checkTiming } from "./check-timing.ts";
import type { ConfigProblem } from "./config-reader.ts";
import { fillInValues } from "./fill-in-values.ts";

const directory = mkdtempSync(path.join(tmpdir(), "failover-fill-"));
afterAll(() => rmSync(directory, { recursive: true }));

function fill(value: unknown): { filled: unknown; problems: readonly ConfigProblem[] } {
  const problems: ConfigProblem[] = [];
  const filled = fillInValues(value, { environment: { HOST: "db", EMPTY: "" }, problems });
  return { filled, problems };
}

describe("texts of a configuration", () => {
  test("take variables, defaults and files, and a URL takes them encoded", () => {
    const file = path.join(directory, "password");
    writeFileSync(file, "p@ss/word\n");
    expect(
      fill({
        a: ["${HOST}:1", 7],
        b: "${EMPTY:-none}",
        c: `\${file:${file}}`,
        url: `postgres://me:\${file:${file}}@\${HOST}:5432/x`,
        plain: "$${HOST} $HOST",
      }),
    ).toEqual({
      filled: {
        a: ["db:1", 7],
        b: "none",
        c: "p@ss/word",
        url: "postgres://me:p%40ss%2Fword@db:5432/x",
        plain: "${HOST} $HOST",
      },
      problems: [],
    });
  });

  test("say which key needs what is not there, and never what a secret is", () => {
    const { problems } = fill({ a: { b: "${NOPE}" }, c: ["${file:/nowhere}"], d: "${not a name}" });
    expect(problems.map(({ key, message }) => `${key} ${message}`)).toEqual([
      "a.b needs the environment variable NOPE, which is not set; set it, or write ${NOPE:-default}",
      expect.stringMatching(/^c\[0\] names the file \/nowhere, which cannot be read: .*ENOENT/),
      "d has ${not a name}; write ${NAME}, ${NAME:-default} or ${file:/path}, or $${ for a plain ${",
    ]);
  });
});

describe("relations between time-outs", () => {
  const timing = {
    sessionTimeoutMs: 1000,
    failoverDelayMs: 0,
    reconcileIntervalMs: 1000,
    shutdownGraceMs: 0,
    dispatchTimeoutMs: 0,
    retentionMs: 1000,
  };

  test("say which one is broken", () => {
    expect(checkTiming(timing)).toEqual([]);
    const broken = checkTiming({ ...timing, reconcileIntervalMs: 999, dispatchTimeoutMs: 500 });
    expect(broken.map(({ key }) => key)).toEqual(["timing.reconcileIntervalMs", "timing.dispatchTimeoutMs"]);
    expect(broken[0]?.message).toContain("R >= T is broken");
  });

  test("hold for what the registry granted, or it is said", () => {
    expect(checkGrantedSession(10_000, 10_000)).toBeUndefined();
    expect(checkGrantedSession(1000, 4000)).toBeUndefined();
    expect(checkGrantedSession(60_000, 20_000)).toContain("2h + d < T * (1 - rho) - K is broken");
  });
});
