import {
  addressOf,
  type EvidenceParts,
  type ExampleNode,
  evidenceOf,
  incarnationOf,
  life,
  nodes,
  step,
  told,
} from "../evidence-builder.ts";
import { factsOf } from "../facts.ts";
import { INVARIANTS } from "./index.ts";

/** Shared by the tests of the invariants. */

/** What an invariant says about evidence. */
export function breaches(name: string, parts: EvidenceParts): readonly string[] {
  const invariant = INVARIANTS.find((one) => one.name === name);
  if (invariant === undefined) throw new Error(`no invariant ${name}`);
  return invariant.check(factsOf(evidenceOf(parts))).map(({ message }) => message);
}

export const fenced = (of: ExampleNode, atMs: number) =>
  told("master-2", atMs, {
    type: "failover.started",
    kind: "master",
    of: addressOf(of),
    ofIncarnation: incarnationOf(of),
  });
export const claimed = (by: ExampleNode, atMs: number, epoch: number, commandId = epoch) =>
  told(by, atMs, {
    type: "command.claimed",
    commandId,
    commandType: epoch === 1 ? "START_PROCESS" : "RECOVER_TOLERANCE_FAULT_PROCESS",
    workflowInstanceId: 1,
    epoch,
  });
export const owned = (by: ExampleNode, atMs: number, epoch: number, owner: string | null) =>
  told(by, atMs, { type: "workflow.owner", workflowInstanceId: 1, owner, epoch });
export const extract = { workflowInstanceId: 1, taskInstanceId: 1, taskName: "extract" } as const;
export const wrote = (
  by: ExampleNode,
  atMs: number,
  [from, state]: readonly [
    "RUNNING_EXECUTION" | "SUCCESS" | "DISPATCH",
    "SUCCESS" | "NEED_FAULT_TOLERANCE" | "RUNNING_EXECUTION",
  ],
  epoch = 1,
) => told(by, atMs, { type: "task.state", ...extract, from, state, flag: 1, epoch });
export const ended = (
  atMs: number,
  from: "RUNNING_EXECUTION" | "SUCCESS",
  state: "SUCCESS" | "RUNNING_EXECUTION",
) => told("master-1", atMs, { type: "workflow.state", workflowInstanceId: 1, from, state, epoch: 1 });
export const killed = nodes({
  "master-1": [life("master-1", { endedAtMs: 1020, signal: "SIGKILL", endedBy: "death" })],
});
export const death = step("death", { hit: [{ node: "master-1", incarnation: incarnationOf("master-1") }] });
