import type { Problem } from "../base/index.ts";
import { readFixtureCell } from "./fixture-cell.ts";
import { columnOfField, FIXTURE_KEYS, fieldsOfTable, LOGGED_TABLES } from "./fixture-vocabulary.ts";
import type { Located, LocatedMap } from "./located.ts";
import { nearestWord } from "./nearest-word.ts";
import { listWords } from "./problem-sink.ts";
import type { Json } from "./resolved-case.ts";

/** A row of a fixture, still with the places where its fields were written. */
export interface FixtureRow {
  readonly table: string;
  readonly node: LocatedMap;
  readonly values: Readonly<Record<string, Json>>;
}

export interface FixtureRows {
  readonly rows: readonly FixtureRow[];
  /** Values of `host` that were found, before they were translated. */
  readonly hosts: ReadonlySet<string>;
}

/** What a fixture is read with. */
export interface FixtureReading {
  /** Node by host:port of the fixture. */
  readonly hosts: ReadonlyMap<string, string>;
  readonly problems: Problem[];
}

/** The rows of a fixture, in the order in which DolphinScheduler's loader inserts them. */
export function readFixtureRows(document: Located, reading: FixtureReading): FixtureRows {
  const hosts = new Set<string>();
  if (document.kind !== "map") {
    reading.problems.push({ code: "case/fixture", what: "a fixture must be a map", at: document.at });
    return { rows: [], hosts };
  }
  checkKeys(document, reading);
  const rows = Object.entries(FIXTURE_KEYS).flatMap(([key, { table }]) =>
    entriesOf(document, key, reading).map((node): FixtureRow => {
      const host = node.entries.get("host")?.node;
      if (host?.kind === "scalar" && typeof host.value === "string") hosts.add(host.value);
      return { table, node, values: readRow({ key, table, node }, reading) };
    }),
  );
  return { rows: rows.flatMap(withLog), hosts };
}

function checkKeys(document: LocatedMap, reading: FixtureReading): void {
  for (const [key, entry] of document.entries) {
    if (Object.hasOwn(FIXTURE_KEYS, key)) continue;
    reportUnknown({ key, words: Object.keys(FIXTURE_KEYS), at: entry.keyAt, where: "fixture" }, reading);
  }
  for (const key of ["project", "workflows", "tasks", "taskRelations"]) {
    if (!document.entries.has(key)) {
      const what = `the fixture has no \`${key}\``;
      reading.problems.push({ code: "case/fixture", what, at: document.at });
    }
  }
}

/** `project` and `workflowInstance` are maps, the others lists of maps. */
function entriesOf(document: LocatedMap, key: string, reading: FixtureReading): readonly LocatedMap[] {
  const entry = document.entries.get(key);
  if (entry === undefined || (entry.node.kind === "scalar" && entry.node.value === null)) return [];
  const single = key === "project" || key === "workflowInstance";
  const expected = single ? "map" : "list";
  if (entry.node.kind !== expected) {
    const what = `\`${key}\` must be a ${expected}`;
    reading.problems.push({ code: "case/type", what, at: entry.node.at });
    return [];
  }
  const items = entry.node.kind === "list" ? entry.node.items : [entry.node];
  return items.flatMap((item) => {
    if (item.kind === "map") return [item];
    reading.problems.push({ code: "case/type", what: `an entry of \`${key}\` must be a map`, at: item.at });
    return [];
  });
}

function readRow(
  { key, table, node }: { readonly key: string; readonly table: string; readonly node: LocatedMap },
  reading: FixtureReading,
): Readonly<Record<string, Json>> {
  const values: Record<string, Json> = {};
  const ignored = FIXTURE_KEYS[key]?.ignored ?? [];
  for (const [field, entry] of node.entries) {
    if (ignored.includes(field)) continue;
    const column = columnOfField(table, field);
    if (column === undefined) {
      reportUnknown({ key: field, words: fieldsOfTable(table), at: entry.keyAt, where: key }, reading);
      continue;
    }
    const value = readFixtureCell({ table, column, field, node: entry.node }, reading.problems);
    if (value === undefined) continue;
    const mapped = column === "host" && typeof value === "string" ? reading.hosts.get(value) : undefined;
    values[column] = mapped === undefined ? value : `<${mapped}>`;
  }
  return values;
}

/** A definition is kept a second time, as its version, with who changed it and when. */
function withLog(row: FixtureRow): readonly FixtureRow[] {
  if (!LOGGED_TABLES.has(row.table)) return [row];
  const operator = row.values["user_id"] ?? 1;
  const time = row.values["update_time"] ?? null;
  const values = { ...row.values, operator, operate_time: time };
  return [row, { ...row, table: `${row.table}_log`, values }];
}

interface UnknownField {
  readonly key: string;
  readonly words: readonly string[];
  readonly at: Problem["at"];
  readonly where: string;
}

function reportUnknown({ key, words, at, where }: UnknownField, reading: FixtureReading): void {
  const nearest = nearestWord(key, words);
  reading.problems.push({
    code: "case/unknown-key",
    what: `unknown key \`${key}\` in ${where === "fixture" ? "a fixture" : `\`${where}\` of a fixture`}`,
    why: `Allowed here: ${listWords(words)}.`,
    ...(nearest === undefined ? {} : { fix: `did you mean \`${nearest}\`?` }),
    ...(at === undefined ? {} : { at }),
  });
}
