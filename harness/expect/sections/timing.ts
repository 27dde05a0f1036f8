import { pointerTo } from "../../base/index.ts";
import { millisecondsIn } from "../durations.ts";
import type { Finding } from "../finding.ts";
import { isList, isMap, mismatchOf, show, splitRest } from "../matchers.ts";
import { expectationFinding, type Section } from "../section.ts";
import { timingFigures } from "../timing-figures.ts";

const PARTS = ["detect", "decide", "claim", "resume"] as const;

/** How long the parts of a recovery may take, from the landing of a step. */
export const judgeTiming: Section = (value, pointer, context) => {
  const { facts, scope } = context;
  const all = timingFigures(facts);
  const items = isList(value) ? splitRest(value).items : [];
  return items.flatMap((item, index): readonly Finding[] => {
    if (!isMap(item)) return [];
    const at = pointerTo(pointer, index);
    const figures = all.find(({ step }) => step === item["step"]);
    if (figures === undefined) {
      return [expectationFinding("timing", at, `timing: step ${show(item["step"])} hit no node`)];
    }
    return PARTS.flatMap((part): readonly Finding[] => {
      const written = item[part];
      if (written === undefined) return [];
      // A duration alone is a limit: nothing takes exactly so long.
      const limit = millisecondsIn(written, scope.sessionTimeoutMs);
      const expected = limit === undefined ? written : { $lte: limit };
      const actual = figures[part];
      const found = mismatchOf(expected, actual ?? null, scope);
      if (found === undefined) return [];
      const was = actual === undefined ? "it did not happen" : `was ${Math.round(actual)} ms`;
      const session = `${scope.sessionTimeoutMs} ms a session`;
      const message = `timing of ${figures.step}, ${part}: expected ${found.expected} (${session}), ${was}`;
      return [expectationFinding("timing", pointerTo(at, part), message)];
    });
  });
};
