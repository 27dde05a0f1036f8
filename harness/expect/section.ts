import type { Json } from "../case/resolved-case.ts";
import type { JudgeContext } from "./context.ts";
import type { Finding } from "./finding.ts";

/** Judges one section of `expect`: its value, and where it stands in the case. */
export type Section = (value: Json, pointer: string, context: JudgeContext) => readonly Finding[];

/** A finding of a section. */
export function expectationFinding(
  code: string,
  pointer: string,
  message: string,
  details?: readonly string[],
): Finding {
  const finding: Finding = { kind: "expectation", code, pointer, message };
  return details === undefined ? finding : { ...finding, details };
}
