import { describe, expect, test } from "@jest/globals";
import { CommanderError } from "commander";
import type { ResolvedCase } from "../case/index.ts";
import { exampleCase } from "../given/example-case.ts";
import { createProgram } from "./create-program.ts";
import type { RunOptions } from "./run-options.ts";
import { selectCases } from "./select-cases.ts";

async function parse(
  ...args: string[]
): Promise<{ paths: readonly string[]; options: RunOptions; said: string }> {
  let seen: { paths: readonly string[]; options: RunOptions } | undefined;
  let said = "";
  const fail = (): Promise<number> => Promise.reject(new Error("another command ran"));
  const program = createProgram(
    {
      run: (paths, options) => {
        seen = { paths, options };
        return Promise.resolve(0);
      },
      validate: fail,
      list: fail,
      explain: fail,
      judge: fail,
      node: fail,
    },
    () => undefined,
  );
  for (const command of [program, ...program.commands]) {
    const hear = (text: string): void => {
      said += text;
    };
    command.configureOutput({ writeErr: hear, writeOut: hear });
  }
  await program.parseAsync(args, { from: "user" }).catch((error: unknown) => {
    if (!(error instanceof CommanderError)) throw error;
  });
  return { paths: [], options: {} as RunOptions, ...seen, said };
}

describe("the command line", () => {
  test("has a command for each kind of node, which needs a configuration", async () => {
    for (const kind of ["master", "worker", "alert-server"]) {
      expect((await parse(kind)).said).toContain("required option '--config <file>' not specified");
    }
    expect((await parse("worker", "--help")).said).toContain("docs/configuration.md");
  });

  test("runs all of cases/ when nothing else is said", async () => {
    const { paths, options } = await parse("run");
    expect(paths).toEqual(["cases"]);
    expect(options).toMatchObject({ repeat: 1, bail: false, keep: false, color: true });
    expect(options.jobs).toBeGreaterThanOrEqual(2);
  });

  test("takes its options", async () => {
    const { paths, options } = await parse(
      ..."run a.yaml b --env embedded --registry jdbc --tag x,y --tag z".split(" "),
      ..."--jobs 3 --repeat 10 --seed 7 --no-color --bail".split(" "),
    );
    expect(paths).toEqual(["a.yaml", "b"]);
    expect(options).toMatchObject({
      env: "embedded",
      registry: "jdbc",
      tag: ["x", "y", "z"],
      jobs: 3,
      repeat: 10,
      seed: 7,
      color: false,
      bail: true,
    });
  });

  test("tells its version", async () => {
    expect((await parse("--version")).said).toMatch(/^\d+\.\d+\.\d+\n$/);
  });

  test.each([
    [["runn"], "Did you mean run?"],
    [["run", "--registri", "jdbc"], "Did you mean --registry?"],
    [["run", "--env", "embeded"], "Did you mean embedded?"],
    [["run", "--jobs", "0"], "whole number from 1"],
  ])("%j is refused with what was probably meant", async (args, message) => {
    expect((await parse(...args)).said).toContain(message);
  });
});

describe("the selection of cases", () => {
  const cases: readonly ResolvedCase[] = [
    { ...exampleCase({}), name: "one", tags: ["master"] },
    { ...exampleCase({}), name: "two", tags: ["worker"] },
  ];

  test("takes any of the tags, and the text in name or file", () => {
    expect(selectCases(cases, { tag: ["worker", "x"] }).map(({ name }) => name)).toEqual(["two"]);
    expect(selectCases(cases, { filter: "ONE" }).map(({ name }) => name)).toEqual(["one"]);
    expect(selectCases(cases, {})).toHaveLength(2);
  });

  test("says which tag was probably meant when nothing is left", () => {
    const select = (): unknown => selectCases(cases, { tag: ["mastr"] });
    expect(select).toThrow("no case fits --tag mastr");
    expect(select).toThrow(
      expect.objectContaining({ problems: [expect.objectContaining({ fix: "did you mean --tag master?" })] }),
    );
  });
});
