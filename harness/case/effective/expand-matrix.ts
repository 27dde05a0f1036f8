import type { Problem, SourcePosition } from "../../base/index.ts";
import { listWords } from "../problems/problem-sink.ts";
import type { Located, LocatedMap } from "../reading/located.ts";
import { nearestWord } from "../vocabulary/nearest-word.ts";
import { checkMatrix } from "./check-matrix.ts";
import { labelValues } from "./matrix-labels.ts";

/** A document with one combination of its matrix filled in. */
export interface Combination {
  /** "order=pause:w n=3"; empty when there is no matrix. */
  readonly label: string;
  readonly document: LocatedMap;
}

interface Expanded {
  readonly combinations: readonly Combination[];
  readonly problems: readonly Problem[];
}

/** Sub-tests that one file may become. */
const MAX_COMBINATIONS = 1000;
const REFERENCE = /^\$matrix((?:\.[A-Za-z0-9_-]+)+)$/;

/** One document for each combination of the matrix: the cartesian product of its keys, in the order of the file. */
export function expandMatrix(document: LocatedMap): Expanded {
  const matrix = document.entries.get("matrix");
  const entries = new Map(document.entries);
  entries.delete("matrix");
  const rest: LocatedMap = { ...document, entries };
  const problems: Problem[] = [];
  const axes = matrix === undefined ? [] : readAxes(matrix.node, problems);
  if (problems.length > 0) return { combinations: [], problems };

  const total = axes.reduce((product, axis) => product * axis.values.length, 1);
  if (total > MAX_COMBINATIONS) {
    const what = `the matrix has ${total} combinations, the limit is ${MAX_COMBINATIONS}`;
    return {
      combinations: [],
      problems: [{ code: "case/too-large", what, at: matrix?.keyAt ?? document.at }],
    };
  }
  const combinations = choices(axes).map((choice) => {
    const filled = fillIn(rest, new Map(choice.map(({ key, value }) => [key, value])), problems);
    return {
      label: choice.map(({ key, label }) => `${key}=${label}`).join(" "),
      document: filled.kind === "map" ? filled : rest,
    };
  });
  // A name that is misspelt in the case is said once, where it stands.
  if (matrix?.node.kind === "map" && problems.length === 0) problems.push(...checkMatrix(matrix.node, rest));
  return { combinations, problems };
}

interface Axis {
  readonly key: string;
  readonly values: readonly Located[];
  readonly labels: readonly string[];
}

interface Choice {
  readonly key: string;
  readonly label: string;
  readonly value: Located;
}

function readAxes(node: Located, problems: Problem[]): readonly Axis[] {
  if (node.kind !== "map") {
    problems.push({ code: "case/type", what: "`matrix` must be a map of lists", at: node.at });
    return [];
  }
  return [...node.entries].flatMap(([key, entry]) => {
    if (!/^[A-Za-z_][A-Za-z0-9_-]*$/.test(key)) {
      problems.push({ code: "case/matrix", what: `\`${key}\` cannot be a matrix key`, at: entry.keyAt });
      return [];
    }
    if (entry.node.kind !== "list" || entry.node.items.length === 0) {
      const what = `\`matrix.${key}\` must be a list with at least one value`;
      problems.push({ code: "case/type", what, at: entry.node.at });
      return [];
    }
    return [{ key, values: entry.node.items, labels: labelValues(entry.node.items) }];
  });
}

function choices(axes: readonly Axis[]): readonly (readonly Choice[])[] {
  let all: (readonly Choice[])[] = [[]];
  for (const axis of axes) {
    all = all.flatMap((before) =>
      axis.values.map((value, index) => [
        ...before,
        { key: axis.key, label: axis.labels[index] ?? String(index + 1), value },
      ]),
    );
  }
  return all;
}

function fillIn(node: Located, values: ReadonlyMap<string, Located>, problems: Problem[]): Located {
  switch (node.kind) {
    case "scalar":
      return typeof node.value === "string" && node.value.includes("$matrix")
        ? replace(node.value, node, values, problems)
        : node;
    case "list":
      return { ...node, items: node.items.map((item) => fillIn(item, values, problems)) };
    case "map": {
      const entries = new Map(node.entries);
      for (const [key, entry] of node.entries) {
        if (key.includes("$matrix")) {
          const what = "`$matrix` stands for a value, not for a key or a part of one";
          problems.push({ code: "case/matrix", what, at: entry.keyAt });
        }
        entries.set(key, { keyAt: entry.keyAt, node: fillIn(entry.node, values, problems) });
      }
      return { ...node, entries };
    }
  }
}

function replace(
  text: string,
  node: Located,
  values: ReadonlyMap<string, Located>,
  problems: Problem[],
): Located {
  const match = REFERENCE.exec(text);
  if (match?.[1] === undefined) {
    // A script may speak of a shell variable of that name; only what looks like a reference is an error.
    if (!/\$matrix\b/.test(text)) return node;
    const what = "`$matrix.…` stands for a whole value, list or map, not for a part of a text";
    problems.push({ code: "case/matrix", what, at: node.at });
    return node;
  }
  const steps = match[1].slice(1).split(".");
  let found: Located | undefined;
  let known: readonly string[] = [...values.keys()];
  for (const [index, step] of steps.entries()) {
    const next: Located | undefined =
      index === 0 ? values.get(step) : found?.kind === "map" ? found.entries.get(step)?.node : undefined;
    if (next === undefined) {
      problems.push(unknownName({ steps: steps.slice(0, index + 1), known, at: node.at }));
      return node;
    }
    found = next;
    known = next.kind === "map" ? [...next.entries.keys()] : [];
  }
  return found ?? node;
}

function unknownName(reference: {
  steps: readonly string[];
  known: readonly string[];
  at: SourcePosition;
}): Problem {
  const { steps, known, at } = reference;
  const nearest = nearestWord(steps[steps.length - 1] ?? "", known);
  return {
    code: "case/matrix",
    what: `\`$matrix.${steps.join(".")}\` does not exist in this combination`,
    why: known.length === 0 ? "There is nothing under that name." : `There are: ${listWords(known)}.`,
    ...(nearest === undefined
      ? {}
      : { fix: `did you mean \`$matrix.${[...steps.slice(0, -1), nearest].join(".")}\`?` }),
    at,
  };
}
