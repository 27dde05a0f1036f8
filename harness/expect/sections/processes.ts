import { pointerTo } from "../../base/index.ts";
import type { Json } from "../../case/resolved-case.ts";
import type { LogLine, ProcessRecord } from "../../observe/evidence.ts";
import type { JudgeContext } from "../context.ts";
import { showTime } from "../describe-event.ts";
import type { Finding } from "../finding.ts";
import { groupBy } from "../group-by.ts";
import { isList, isMap, matches, mismatchOf, splitRest } from "../matchers.ts";
import { expectationFinding, type Section } from "../section.ts";
import { selectNodes } from "../selectors.ts";

const LINES_SHOWN = 10;

/**
 * A node that is named once: its newest process is such a one. Named several times: its newest processes, in order.
 * Nodes that no item means are not looked at.
 */
export const judgeProcesses: Section = (value, pointer, context) => {
  const asked = itemsOf(value).flatMap(({ node, ...fields }, index) =>
    nodesNamed(node ?? { all: "nodes" }, context).map((name) => ({ name, fields, index })),
  );
  return [...groupBy(asked, ({ name }) => name)].flatMap(([name, items]) => {
    const processes = context.facts.evidence.snapshot.processes.filter((one) => one.node === name);
    const newest = processes.slice(-items.length);
    return items.flatMap(({ fields, index }, place): readonly Finding[] => {
      const process = newest[place];
      const actual: Json = { status: process?.status ?? "not started", exitCode: process?.exitCode ?? null };
      const found = mismatchOf(fields, actual, context.scope);
      if (found === undefined) return [];
      const which = items.length === 1 ? "" : ` (${place + 1} of its newest ${items.length})`;
      const what = `process of ${name}${which}, ${found.path.join(".")}`;
      const message = `${what}: expected ${found.expected}, was ${found.actual}`;
      return [
        expectationFinding("processes", pointerTo(pointer, index), message, processes.map(describeProcess)),
      ];
    });
  });
};

function describeProcess({ node, status, exitCode }: ProcessRecord): string {
  return `process of ${node}: ${status}${exitCode === undefined ? "" : `, exit code ${exitCode}`}`;
}

/** Each node that an item means has logged such a line: once or more, or as often as `count` says. */
export const judgeLogs: Section = (value, pointer, context) =>
  itemsOf(value).flatMap(({ node, count, ...fields }, index) =>
    nodesNamed(node ?? { all: "nodes" }, context).flatMap((name): readonly Finding[] => {
      const lines = context.facts.evidence.snapshot.logs[name] ?? [];
      const like = lines.filter((line) =>
        matches(fields, { level: line.level, message: line.message }, context.scope),
      );
      const found = mismatchOf(count ?? { $gte: 1 }, like.length, context.scope);
      if (found === undefined) return [];
      const message = `log of ${name}: expected ${found.expected} such lines, found ${found.actual}`;
      const shown = (like.length > 0 ? like : lines).slice(-LINES_SHOWN).map(describeLine);
      return [expectationFinding("logs", pointerTo(pointer, index), message, shown)];
    }),
  );

function itemsOf(value: Json): readonly { readonly [key: string]: Json }[] {
  return isList(value) ? splitRest(value).items.filter(isMap) : [];
}

function nodesNamed(selector: Json, context: JudgeContext): readonly string[] {
  const names = selectNodes(selector, context).map(({ address }) => context.facts.nameOf(address));
  return [...new Set(names)];
}

const describeLine = (line: LogLine): string => `${showTime(line.atMs)} ${line.level} ${line.message}`;
