import type { Json } from "../case/resolved-case.ts";
import type { Evidence } from "../observe/evidence.ts";
import { type Facts, factsOf } from "./facts.ts";
import type { MatchScope } from "./matchers.ts";

/** What a section of `expect` is judged with. */
export interface JudgeContext {
  readonly facts: Facts;
  readonly scope: MatchScope;
}

const NODE_IN_TEXT = /<([A-Za-z_][\w-]*)>/g;

export function contextOf(evidence: Evidence): JudgeContext {
  const facts = factsOf(evidence);
  const scope: MatchScope = {
    bindings: new Map<string, Json>(),
    sessionTimeoutMs: evidence.sessionTimeoutMs,
    replaceNodes: (text) =>
      text.replace(NODE_IN_TEXT, (whole, name: string) => facts.nodeByName(name)?.address ?? whole),
  };
  return { facts, scope };
}
