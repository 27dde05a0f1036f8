import type { Json } from "../resolved-case.ts";
import { CASE_SCHEMA } from "../schema/case-schema.ts";
import { nearestWord } from "../vocabulary/nearest-word.ts";
import { readMap, readText } from "../vocabulary/read-json.ts";
import type { Scope } from "./case-scope.ts";

/** All invariants that a case can waive, and that it can fail by. */
export const INVARIANT_NAMES: readonly string[] = Object.keys(
  CASE_SCHEMA.definitions["expectation"]?.properties?.["waive"]?.oneOf?.[0]?.properties ?? {},
);

/** Sections of `expect`. */
export const EXPECT_SECTIONS: readonly string[] = Object.keys(
  CASE_SCHEMA.definitions["expectation"]?.properties ?? {},
);

/** `xfail.with` may be an error code, which are many; what only looks like an invariant or a section is misspelt. */
export function checkExpectedFailure(scope: Scope, xfail: Json | undefined): void {
  if (readMap(xfail)["verdict"] === "PASS") {
    const what = "a case that has to end as PASS is an expected failure of nothing";
    scope.sink.report("/xfail/verdict", { code: "case/impossible", what, fix: "take `xfail` away" });
  }
  const word = readText(readMap(xfail)["with"]);
  const known = [...INVARIANT_NAMES, ...EXPECT_SECTIONS];
  if (word === undefined || known.includes(word)) return;
  const nearest = nearestWord(word, known);
  if (nearest === undefined) return;
  scope.sink.unknown("/xfail/with", "invariant or section", { word, allowed: known });
}
