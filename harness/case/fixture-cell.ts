import type { Problem } from "../base/index.ts";
import { codesOfColumn } from "./enum-columns.ts";
import type { Located, LocatedScalar } from "./located.ts";
import { nearestWord } from "./nearest-word.ts";
import { listWords } from "./problem-sink.ts";
import type { Json } from "./resolved-case.ts";
import { columnsOf } from "./table-catalogue.ts";

interface Cell {
  readonly table: string;
  readonly column: string;
  readonly field: string;
  readonly node: Located;
}

/**
 * The value of a fixture's field as its column holds it: enums by name become codes (YES and NO may be booleans, as
 * YAML 1.1 reads them), dates without a zone are UTC, JSON strings stay strings. Undefined after a problem.
 */
export function readFixtureCell(cell: Cell, problems: Problem[]): Json | undefined {
  const { node, field, table, column } = cell;
  const kind = columnsOf(table)?.get(column) ?? "text";
  if (node.kind !== "scalar") {
    const fix = "JSON belongs in quotes";
    problems.push({ code: "case/type", what: `\`${field}\` must be a single value`, fix, at: node.at });
    return undefined;
  }
  if (node.value === null) return null;
  if (codesOfColumn(table, column) !== undefined) return readCode(cell, node, problems);
  switch (kind) {
    case "number":
      return readFixtureNumber(field, node, problems);
    case "time":
      return readTime(field, node, problems);
    case "boolean":
      return node.value;
    case "text":
      return String(node.value);
  }
}

function readCode(cell: Cell, node: LocatedScalar, problems: Problem[]): Json | undefined {
  const codes = codesOfColumn(cell.table, cell.column) ?? {};
  const value = node.value;
  if (typeof value === "number") return value;
  const word = typeof value === "boolean" ? (value ? "YES" : "NO") : String(value);
  if (Object.hasOwn(codes, word)) return codes[word];
  const words = Object.keys(codes);
  const nearest = nearestWord(word, words);
  problems.push({
    code: "case/value",
    what: `\`${word}\` is not a word of \`${cell.field}\``,
    why: `Allowed: ${listWords(words)}.`,
    ...(nearest === undefined ? {} : { fix: `did you mean \`${nearest}\`?` }),
    at: node.at,
  });
  return undefined;
}

function readFixtureNumber(field: string, node: LocatedScalar, problems: Problem[]): Json | undefined {
  const number = typeof node.value === "boolean" ? (node.value ? 1 : 0) : Number(node.value);
  if (Number.isFinite(number) && node.value !== "") return number;
  const what = `\`${field}\` must be a number, is \`${String(node.value)}\``;
  problems.push({ code: "case/type", what, at: node.at });
  return undefined;
}

const TIME = /^(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}:\d{2}:\d{2}(?:\.\d{1,6})?)\s*(?:Z|UTC|\+00:?00)?)?$/;

function readTime(field: string, node: LocatedScalar, problems: Problem[]): Json | undefined {
  const match = typeof node.value === "string" ? TIME.exec(node.value) : null;
  const text = match === null ? "" : `${match[1] ?? ""} ${match[2] ?? "00:00:00"}`;
  if (match !== null && !Number.isNaN(Date.parse(`${text.replace(" ", "T")}Z`))) return text;
  problems.push({
    code: "case/value",
    what: `\`${field}\` must be a time, is \`${String(node.value)}\``,
    why: "For example: 2024-08-16 07:12:52. It is in UTC.",
    at: node.at,
  });
  return undefined;
}
