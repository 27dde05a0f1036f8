import { type PositionTable, type Problem, positionOf, type SourcePosition } from "../../base/index.ts";
import { nearestWord } from "../vocabulary/nearest-word.ts";
import type { ProblemCode } from "./problem-codes.ts";

/** Where the checks of one document put what they find. */
export interface ProblemSink {
  readonly problems: readonly Problem[];
  /** Reports a problem at a JSON pointer of the document. */
  report(pointer: string, problem: ProblemText): void;
  /** Reports a name that does not exist, with the nearest that does. */
  unknown(pointer: string, kind: string, name: UnknownName): void;
}

export interface ProblemText {
  readonly code: ProblemCode;
  readonly what: string;
  readonly why?: string;
  readonly fix?: string;
}

export interface UnknownName {
  readonly word: string;
  readonly allowed: Iterable<string>;
}

/** Longest list of allowed words that a message spells out. */
const WORDS_SHOWN = 24;

/** "Allowed are a, b and c.", cut where it gets too long. */
export function listWords(words: readonly string[]): string {
  if (words.length <= WORDS_SHOWN) return words.join(", ");
  return `${words.slice(0, WORDS_SHOWN).join(", ")}, … (${words.length} in all)`;
}

/** A sink for one document. */
export function createProblemSink(positions: PositionTable): ProblemSink {
  const problems: Problem[] = [];
  const report = (pointer: string, text: ProblemText): void => {
    const at: SourcePosition | undefined = positionOf(positions, pointer);
    problems.push(at === undefined ? text : { ...text, at });
  };
  return {
    problems,
    report,
    unknown: (pointer, kind, { word, allowed }) => {
      const words = [...allowed];
      const nearest = nearestWord(word, words);
      report(pointer, {
        code: "case/unknown-name",
        what: `there is no ${kind} \`${word}\``,
        why: words.length === 0 ? `This case has no ${kind}.` : `There are: ${listWords(words)}.`,
        ...(nearest === undefined ? {} : { fix: `did you mean \`${nearest}\`?` }),
      });
    },
  };
}
