import type { Evidence } from "../observe/evidence.ts";
import { contextOf, type JudgeContext } from "./context.ts";
import type { Finding, Judgement } from "./finding.ts";
import { INVARIANTS, wasTouched } from "./invariants/index.ts";
import { checkSections } from "./judge-sections.ts";
import { isMap } from "./matchers.ts";

/**
 * The verdict on a case, from its evidence alone. First whether the case could be carried through (a fault that did not
 * land proves nothing), then what it expects, then the invariants. Pure: `failover judge` calls it again later.
 */
export function judge(evidence: Evidence): Judgement {
  const {
    trouble,
    case: { expect },
  } = evidence;
  if (trouble !== undefined) {
    const { verdict, code, message, pointer } = trouble;
    return { verdict, findings: [{ kind: "assumption", code, message, pointer }] };
  }
  if (expect["check"] !== undefined) {
    const message = "checkers in TypeScript (expect.check) cannot run in this version";
    return {
      verdict: "SKIP",
      findings: [{ kind: "assumption", code: "check", message, pointer: "/expect/check" }],
    };
  }
  const context = contextOf(evidence);
  const expectations = checkSections(context, { expect, pointer: "/expect", withDefaults: true });
  const invariants = checkInvariants(context).filter((finding) => !isRepeated(finding, expectations));
  const findings = [...expectations, ...invariants];
  if (findings.length === 0) return { verdict: "PASS", findings };
  const note = starvationNote(context);
  return { verdict: "FAIL", findings, ...(note === undefined ? {} : { note }) };
}

/** Where to look first: a node that nobody touched lost its session, as happens on a machine that is too busy. */
function starvationNote({ facts }: JudgeContext): string | undefined {
  const { sessionTimeoutMs } = facts.evidence;
  const starved = facts.events("registry.session.lost").flatMap((event) => {
    const life = facts.lifeOf(event.incarnation);
    return life === undefined || wasTouched(life, event.atMs, facts) ? [] : [life.node.name];
  });
  if (starved.length === 0) return undefined;
  const who = [...new Set(starved)].join(", ");
  const why = `this machine may have been too busy for sessions of ${sessionTimeoutMs} ms`;
  return `${who} lost its session though no step had disturbed it: ${why}`;
}

/** What every case has to keep, apart from what it waives with a reason. */
function checkInvariants(context: JudgeContext): readonly Finding[] {
  const { expect } = context.facts.evidence.case;
  const waived = isMap(expect["waive"]) ? expect["waive"] : {};
  return INVARIANTS.filter(({ name }) => !(name in waived)).flatMap(({ name, rule, check }) =>
    check(context.facts).map(
      ({ message, details }): Finding => ({
        kind: "invariant",
        code: name,
        pointer: "/expect",
        message: `${message} (${name}: ${rule})`,
        ...(details === undefined ? {} : { details }),
      }),
    ),
  );
}

/** A case that did not come to its end also has something left that has not ended: said once. */
function isRepeated(finding: Finding, expectations: readonly Finding[]): boolean {
  return expectations.length > 0 && (finding.code === "everything-ends" || finding.code === "nothing-left");
}
