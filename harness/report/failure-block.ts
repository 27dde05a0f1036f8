import { positionOf } from "../base/index.ts";
import type { ResolvedCase } from "../case/resolved-case.ts";
import { describeEvent, type Facts, type Finding, factsOf } from "../expect/index.ts";
import type { Evidence, HistoryEvent } from "../observe/index.ts";
import { type CaseResult, showDuration, titleOf } from "./case-result.ts";
import { codeFrame } from "./code-frame.ts";
import type { Colors } from "./colors.ts";

export interface FailureOptions {
  readonly colors: Colors;
  /** Text of a case file; undefined when it cannot be read (any more). */
  readonly readText: (file: string) => string | undefined;
  /** Events to show. Default 15. */
  readonly events?: number;
}

const DEFAULT_EVENTS = 15;
/** What people look for in the story of a failure; the rest is in the evidence. */
const TOLD: ReadonlySet<HistoryEvent["type"]> = new Set<HistoryEvent["type"]>([
  "node.ready",
  "node.stopping",
  "step.landed",
  "step.undone",
  "registry.session.lost",
  "cluster.node.left",
  "command.claimed",
  "command.failed",
  "workflow.owner",
  "workflow.state",
  "task.dispatched",
  "task.takenOver",
  "task.started",
  "task.finished",
  "task.state",
  "failover.started",
  "failover.marked",
  "failover.finished",
  "fence.rejected",
  "operator.accepted",
  "operator.refused",
  "alert.stored",
]);

/** Why a case did not pass: each finding with its line of YAML and what was there instead, then the story. */
export function formatFailure(result: CaseResult, options: FailureOptions): string {
  const { judgement, evidence } = result;
  const { colors } = options;
  const head = `${colors.bold(colors.red(judgement.verdict))}  ${colors.bold(titleOf(result.case))}`;
  const findings = judgement.findings.flatMap((finding) => [
    "",
    ...formatFinding(finding, result.case, options),
  ]);
  const note = judgement.note === undefined ? [] : ["", `  ${judgement.note}`];
  const story = evidence === undefined ? [] : formatStory(evidence, options);
  const kept = result.evidenceDirectory;
  const lost = result.evidenceTrouble;
  const evidenceLines =
    kept === undefined
      ? lost === undefined
        ? []
        : ["", `  the evidence could not be kept: ${lost}`]
      : ["", `  evidence: ${kept}`, colors.dim(`  judge it again: npx failover judge ${kept}`)];
  return [
    `${head}  ${colors.dim(showDuration(result.durationMs))}`,
    ...findings,
    ...note,
    ...story,
    ...evidenceLines,
    "",
  ].join("\n");
}

function formatFinding(finding: Finding, resolved: ResolvedCase, options: FailureOptions): readonly string[] {
  const { colors, readText } = options;
  const at = positionOf(resolved.positions, finding.pointer);
  const where = at === undefined ? resolved.file : `${at.file}:${at.line}:${at.column}`;
  const text = at === undefined ? undefined : readText(at.file);
  const frame = at === undefined || text === undefined ? [] : codeFrame(text, at, colors);
  const details = finding.details ?? [];
  return [
    `  ${colors.red("x")} ${finding.message}  ${colors.dim(`[${finding.code}]`)}`,
    `    ${colors.cyan(where)}`,
    ...frame.map((line) => `      ${line}`),
    ...(details.length === 0
      ? []
      : [colors.dim("    there was:"), ...details.map((line) => `      ${line}`)]),
  ];
}

function formatStory(
  evidence: Evidence,
  { colors, events = DEFAULT_EVENTS }: FailureOptions,
): readonly string[] {
  const facts = factsOf(evidence);
  const told = evidence.history.filter(({ type }) => TOLD.has(type));
  if (told.length === 0) return [];
  const title = told.length > events ? `the last ${events} of ${told.length} events:` : "what happened:";
  return [
    "",
    colors.dim(`  ${title}`),
    ...told.slice(-events).map((event) => `    ${tellEvent(event, facts)}`),
  ];
}

function tellEvent(event: HistoryEvent, facts: Facts): string {
  if (event.source !== "harness") return describeEvent(event, facts);
  const step = facts.evidence.steps.find(({ id }) => id === event.step);
  const hit =
    step === undefined || step.hit.length === 0 ? "" : ` of ${step.hit.map(({ node }) => node).join(", ")}`;
  const what = step === undefined ? "" : `: ${step.action}${hit}`;
  return `${describeEvent(event, facts)}${what}${step?.proof === undefined ? "" : ` (${step.proof})`}`;
}
