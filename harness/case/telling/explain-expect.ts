import type { Json, RawSection } from "../resolved-case.ts";
import { readEventPattern } from "../resolving/resolve-event-pattern.ts";
import { isList, isRecord, readList, readMap, readText } from "../vocabulary/read-json.ts";
import { readSelector } from "../vocabulary/read-selector.ts";
import { wordsOfPattern, wordsOfTarget, wordsOfTimes } from "./explain-words.ts";

/** What must be true, one sentence each. */
export function explainExpect(expect: RawSection): readonly string[] {
  const lines: string[] = [];
  for (const row of rowsOf(expect["instances"])) lines.push(...explainInstance(row));
  for (const [task, runs] of Object.entries(readMap(expect["runs"]))) {
    if (task !== "$rest") lines.push(`The script of ${task} ${showTimes(runs)}.`);
  }
  for (const key of ["commands", "errorCommands"]) {
    if (expect[key] === undefined) continue;
    const what = key === "commands" ? "commands that are left" : "commands that failed";
    lines.push(`There are ${rowsOf(expect[key]).length} ${what}: ${show(expect[key])}.`);
  }
  for (const row of rowsOf(expect["alerts"])) {
    const of = row["of"] === undefined ? "" : ` about ${wordsOfTarget(readSelector(row["of"]))}`;
    lines.push(`There is an alert${of}${rest(row, ["of"])}.`);
  }
  for (const row of rowsOf(expect["processes"])) {
    lines.push(
      `The process of ${wordsOfTarget(readSelector(row["node"]))} is ${show(row["status"] ?? "any")}.`,
    );
  }
  const patterns = rowsOf(expect["history"]).map((row) => wordsOfPattern(readEventPattern(row)));
  if (patterns.length > 0) lines.push(`In this order there came: ${patterns.join("; ")}.`);
  for (const row of rowsOf(expect["never"])) {
    lines.push(`Never came ${wordsOfPattern(readEventPattern(row))}${sinceOf(row)}.`);
  }
  for (const row of rowsOf(expect["counts"])) {
    const per = row["per"] === undefined ? "" : ` per ${show(row["per"])}`;
    const count = `${show(row["count"] ?? 0)}${per}${sinceOf(row)}`;
    lines.push(`The number of ${wordsOfPattern(readEventPattern(row))} is ${count}.`);
  }
  for (const row of rowsOf(expect["timing"])) {
    lines.push(`After the step ${show(row["step"] ?? "")}: ${rest(row, ["step"]).replace(/^, /, "")}.`);
  }
  for (const key of ["registry", "tables", "deliveries", "logs", "check"]) {
    if (expect[key] !== undefined) lines.push(`${key}: ${show(expect[key])}.`);
  }
  for (const [invariant, reason] of Object.entries(readMap(expect["waive"]))) {
    lines.push(`The invariant ${invariant} does not have to hold: ${show(reason)}.`);
  }
  return lines;
}

function explainInstance(row: RawSection): readonly string[] {
  const count = row["count"] === undefined ? "An instance" : `${show(row["count"])} instances`;
  const state = row["state"] === undefined ? "in any state" : show(row["state"]);
  const lines = [
    `${count} of ${show(row["workflow"] ?? "")} is ${state}${rest(row, ["workflow", "state", "count", "tasks"])}.`,
  ];
  for (const [task, attempts] of Object.entries(readMap(row["tasks"]))) {
    if (task === "$rest") continue;
    const number = isList(attempts) ? `${attempts.length} attempt${attempts.length === 1 ? "" : "s"}: ` : "";
    lines.push(
      `  ${task} has ${number}${isList(attempts) ? attempts.map(show).join(", then ") : show(attempts)}.`,
    );
  }
  return lines;
}

function rowsOf(value: Json | undefined): readonly RawSection[] {
  const list = isRecord(value) ? value["$unordered"] : value;
  return readList(list)
    .filter(isRecord)
    .filter((row) => row["$rest"] === undefined);
}

function sinceOf(row: RawSection): string {
  const since = readText(row["since"]);
  return since === undefined ? "" : ` since the step ${since}`;
}

function showTimes(value: Json): string {
  if (typeof value === "number") return `started ${wordsOfTimes(value)}`;
  const counted = isRecord(value) && Object.keys(value).every((key) => !key.startsWith("$"));
  return counted ? show(value) : `started this often: ${show(value)}`;
}

function rest(row: RawSection, without: readonly string[]): string {
  return Object.entries(row)
    .filter(([key]) => !without.includes(key))
    .map(([key, value]) => `, ${key} ${show(value)}`)
    .join("");
}

const CONDITIONS: Readonly<Record<string, string>> = {
  $in: "one of",
  $not: "not",
  $exists: "exists:",
  $regex: "text like",
  $gt: "more than",
  $gte: "at least",
  $lt: "less than",
  $lte: "at most",
  $contains: "something with",
  $unordered: "in any order",
  $bind: "anything, called",
  $ref: "the same as",
};

/** A value or condition in words. */
function show(value: Json): string {
  if (isList(value)) return value.map(show).join(", ");
  if (!isRecord(value)) return String(value);
  return Object.entries(value)
    .map(([key, inner]) => `${CONDITIONS[key] ?? key} ${show(inner)}`)
    .join(" and ");
}
