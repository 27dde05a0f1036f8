import { pointerTo } from "../../base/index.ts";
import type { ProblemSink } from "../problems/problem-sink.ts";
import { keyPointer, type PlainDocument } from "../reading/located.ts";
import type { Json } from "../resolved-case.ts";
import { isList, isRecord } from "../vocabulary/read-json.ts";
import { CASE_SCHEMA } from "./case-schema.ts";
import { describeMistake } from "./describe-mistake.ts";
import { findMistakes, type Mistake, misspeltMainKey } from "./find-mistakes.ts";

export interface SchemaResult {
  /** The document without what is wrong in it, so that the rest can still be checked. */
  readonly json: Json;
  /** Where something was wrong. */
  readonly broken: readonly string[];
}

/** Checks a document against the schema: one problem per mistake, from the branch that the main key chooses. */
export function validateSchema(document: PlainDocument, sink: ProblemSink): SchemaResult {
  const mistakes = findMistakes(CASE_SCHEMA, document.json);
  for (const mistake of mistakes) {
    const place = placeOf(mistake);
    sink.report(place === mistake.pointer ? place : keyPointer(place), describeMistake(mistake));
  }
  const unusable = mistakes.flatMap((mistake) => unusablePlace(mistake) ?? []);
  return {
    json: unusable.length === 0 ? document.json : without(document.json, unusable),
    broken: mistakes.map(placeOf),
  };
}

function placeOf({ pointer, value, kind }: Mistake): string {
  if (kind.is === "unknown-key" || kind.is === "bad-key" || kind.is === "second-main-key")
    return pointerTo(pointer, kind.key);
  if (kind.is === "no-branch") {
    const key = misspeltMainKey(value, kind.expected);
    if (key !== undefined) return pointerTo(pointer, key);
  }
  return pointer;
}

/** What has to go so that the rest can be used; nothing where only something is missing in a map. */
function unusablePlace(mistake: Mistake): string | undefined {
  if (mistake.kind.is === "missing-key") return undefined;
  if (mistake.kind.is === "no-branch" && isRecord(mistake.value)) return undefined;
  return placeOf(mistake);
}

/** A copy without the values at these pointers; an item of a list becomes null, so that the others keep their place. */
function without(json: Json, pointers: readonly string[]): Json {
  const gone = new Set(pointers);
  const copy = (value: Json, pointer: string): Json => {
    if (isList(value)) {
      return value.map((item, index) => {
        const inner = pointerTo(pointer, index);
        return gone.has(inner) ? null : copy(item, inner);
      });
    }
    if (!isRecord(value)) return value;
    const kept: Record<string, Json> = {};
    for (const [key, one] of Object.entries(value)) {
      const inner = pointerTo(pointer, key);
      if (!gone.has(inner)) kept[key] = copy(one, inner);
    }
    return kept;
  };
  return gone.has("") ? {} : copy(json, "");
}
