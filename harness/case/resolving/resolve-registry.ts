import { pointerTo } from "../../base/index.ts";
import type { Scope } from "../checks/case-scope.ts";
import { checkAddresses, checkNode } from "../checks/check-references.ts";
import { keyPointer } from "../reading/located.ts";
import type { Json, ResolvedRegistry } from "../resolved-case.ts";
import { readMap, readParams, readWords, readWordsAt } from "../vocabulary/read-json.ts";

/** Reads the section `registry`: what a node that is away has left behind. */
export function resolveRegistry(scope: Scope, value: Json | undefined): ResolvedRegistry {
  const section = readMap(value);
  for (const key of ["registered", "markers"]) {
    for (const { word, pointer } of readWordsAt(section[key], `/registry/${key}`)) {
      if (!checkNode(scope, word, pointer) || scope.names.nodes?.get(word)?.absent !== false) continue;
      scope.sink.report(pointer, {
        code: "case/impossible",
        what: `\`${word}\` is up: only an absent node leaves something behind`,
        fix: `add \`absent: ${word}\` to \`cluster\``,
      });
    }
  }
  const locks = readParams(section["locks"]);
  for (const [path, holder] of Object.entries(locks)) {
    const pointer = pointerTo("/registry/locks", path);
    checkAddresses(scope, path, keyPointer(pointer));
    checkNode(scope, holder, pointer);
  }
  const entries = readParams(section["entries"]);
  for (const [path, text] of Object.entries(entries)) {
    const pointer = pointerTo("/registry/entries", path);
    checkAddresses(scope, path, keyPointer(pointer));
    checkAddresses(scope, text, pointer);
  }
  return {
    registered: readWords(section["registered"]),
    locks,
    markers: readWords(section["markers"]),
    entries,
  };
}
