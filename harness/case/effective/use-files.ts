import path from "node:path";
import type { Problem, SourcePosition } from "../../base/index.ts";
import type { Located, LocatedEntry, LocatedMap } from "../reading/located.ts";
import type { SourceFiles } from "../reading/source-files.ts";

interface Merged {
  readonly document: LocatedMap | undefined;
  readonly problems: readonly Problem[];
}

/**
 * A file laid over the files that it names under `use`: maps merge, all else is replaced, later wins, the file itself
 * is last. Each value keeps the position in the file that wrote it.
 */
export function mergeUsedFiles(absolute: string, files: SourceFiles, display?: string): Merged {
  const problems: Problem[] = [];
  const document = resolve(absolute, [], { files, problems, display });
  return { document: problems.length > 0 ? undefined : document, problems };
}

interface Merging {
  readonly files: SourceFiles;
  readonly problems: Problem[];
  readonly display: string | undefined;
}

function resolve(absolute: string, chain: readonly string[], merging: Merging): LocatedMap | undefined {
  const file = merging.files.read(absolute, chain.length === 0 ? merging.display : undefined);
  merging.problems.push(...file.problems);
  if (file.document === undefined) return undefined;
  if (file.document.kind !== "map") {
    merging.problems.push({ code: "case/type", what: "a case must be a map", at: file.document.at });
    return undefined;
  }
  const use = file.document.entries.get("use");
  const own = new Map(file.document.entries);
  own.delete("use");
  let merged: LocatedMap = { kind: "map", at: file.document.at, entries: new Map() };
  const here = [...chain, absolute];
  for (const { word, at } of use === undefined ? [] : usedPaths(use.node, merging.problems)) {
    const other = path.resolve(path.dirname(absolute), word);
    const base = here.includes(other)
      ? reportCycle([...here, other], at, merging)
      : resolveUsed(other, here, at, merging);
    if (base !== undefined) merged = mergeMaps(merged, base);
  }
  return mergeMaps(merged, { kind: "map", at: file.document.at, entries: own });
}

function resolveUsed(
  other: string,
  chain: readonly string[],
  at: SourcePosition,
  merging: Merging,
): LocatedMap | undefined {
  const file = merging.files.read(other);
  // What cannot be opened has no lines to point at: the place to change is where it is named.
  const closed = file.problems.find(({ code }) => code === "case/not-found" || code === "case/unreadable");
  if (closed !== undefined) {
    const missing = closed.code === "case/not-found";
    const what = missing ? `the file ${file.display} does not exist` : `${file.display}: ${closed.what}`;
    merging.problems.push({ ...closed, what, at });
    return undefined;
  }
  return resolve(other, chain, merging);
}

function reportCycle(circle: readonly string[], at: SourcePosition, merging: Merging): undefined {
  const start = circle.indexOf(circle[circle.length - 1] ?? "");
  const names = circle.slice(start).map((file) => merging.files.displayOf(file));
  merging.problems.push({
    code: "case/use-cycle",
    what: `files use each other in a circle: ${names.join(" -> ")}`,
    at,
  });
}

function usedPaths(node: Located, problems: Problem[]): readonly { word: string; at: SourcePosition }[] {
  const items = node.kind === "list" ? node.items : [node];
  return items.flatMap((item) => {
    if (item.kind === "scalar" && typeof item.value === "string" && item.value !== "") {
      return [{ word: item.value, at: item.at }];
    }
    problems.push({ code: "case/use", what: "`use` must be a path, or a list of paths", at: item.at });
    return [];
  });
}

function mergeMaps(under: LocatedMap, over: LocatedMap): LocatedMap {
  const entries = new Map<string, LocatedEntry>(under.entries);
  for (const [key, entry] of over.entries) {
    const below = entries.get(key);
    const node =
      below?.node.kind === "map" && entry.node.kind === "map"
        ? mergeMaps(below.node, entry.node)
        : entry.node;
    entries.set(key, { keyAt: entry.keyAt, node });
  }
  return { kind: "map", at: over.at, entries };
}
