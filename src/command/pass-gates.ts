import type { Clock } from "../base/index.ts";
import { type Arrival, type ClaimDecision, type Gate, type GatePlan, planGate } from "../model/index.ts";
import {
  type CommandRow,
  drawTickets,
  dropTickets,
  endWaiting,
  insertAudit,
  insertIntent,
  lockWaiting,
  notifyCommands,
  notifyWorkflow,
  putToWait,
  type SerialInstance,
  type SqlExecutor,
  selectCommandsBehindOthers,
  selectSerialDefinitions,
  selectSerialInstances,
  setHolder,
  settleGate,
  type Waiter,
  type WorkflowRow,
} from "../store/index.ts";

/** Commands of instances that already are inside of the gate of their definition. */
const INSIDE = "RECOVER_TOLERANCE_FAULT_PROCESS";
const CALLED = "RECOVER_SERIAL_WAIT";

type Take = Extract<ClaimDecision, { kind: "take" }>;

/** What becomes of a command when its workflow has been at the gate. */
export type GatedDecision =
  | ClaimDecision
  /** Taken, made ready, and left to wait for its turn. */
  | (Omit<Take, "state"> & { readonly state: "SERIAL_WAIT" })
  /** Not let in: it ends here. */
  | { readonly kind: "stop"; readonly state: "STOP" };

/** A command with what a claim decided about it, as far as gates look at it. */
export interface AtGate {
  readonly command: CommandRow;
  readonly workflow: WorkflowRow | undefined;
  readonly decision: ClaimDecision;
}

/** What the gates say to a batch of a claim. */
export interface Passing {
  /** Taken by the claim, and then left to wait. */
  readonly waiters: readonly Waiter[];
  /** Instances that are not let in at all. */
  readonly stopped: ReadonlySet<number>;
  /** Instances that are let in. */
  readonly entered: readonly number[];
}

const NOTHING: Passing = { waiters: [], stopped: new Set(), entered: [] };

/**
 * The locked commands that are claimed now: those of serial definitions come to their gate in the order of the
 * commands, so one before which another still stands is left in the table until that one is claimed, by whomever.
 */
export async function leaveThoseBehind(
  tx: SqlExecutor,
  commands: readonly CommandRow[],
): Promise<readonly CommandRow[]> {
  const arriving = commands.filter(({ type }) => type !== INSIDE && type !== CALLED);
  if (arriving.length === 0) return commands;
  const codes = await selectSerialDefinitions(tx, [...new Set(arriving.map((row) => row.definitionCode))]);
  if (codes.size === 0) return commands;
  const behind = await selectCommandsBehindOthers(
    tx,
    arriving.map((row) => row.id),
    [...codes],
  );
  // Whoever has the slot of the next one looks for it when this transaction is over.
  if (arriving.some((row) => codes.has(row.definitionCode))) await notifyCommands(tx);
  return commands.filter((row) => !behind.has(row.id));
}

interface GatePorts {
  readonly clock: Clock;
  readonly me: { readonly incarnation: string };
}

async function tellDisplaced(
  tx: SqlExecutor,
  ports: GatePorts,
  plan: GatePlan,
  newest: number,
): Promise<void> {
  const nowMs = ports.clock.now();
  for (const workflowInstanceId of plan.ended) {
    await endWaiting(tx, { workflowInstanceId, state: "STOP", nowMs });
    const why = `instance ${newest} of the same definition goes first`;
    await insertAudit(tx, { step: "SERIAL", me: ports.me.incarnation, workflowInstanceId, why, nowMs });
  }
  for (const workflowInstanceId of plan.ordered) {
    // The same two may meet again when both are repeated: that is another order.
    const requestId = `serial-${newest}-${workflowInstanceId}-${nowMs}`;
    await insertIntent(tx, { workflowInstanceId, kind: "STOP", requestId, nowMs });
    await notifyWorkflow(tx, workflowInstanceId);
  }
}

/** One gate, which stays locked until the claim is committed. */
async function passGate(
  tx: SqlExecutor,
  ports: GatePorts,
  code: number,
  arrivals: readonly Arrival[],
): Promise<Passing> {
  const gate: Gate = await settleGate(tx, code, ports.clock.now());
  const plan = planGate(gate, arrivals);
  await tellDisplaced(tx, ports, plan, arrivals.at(-1)?.id ?? 0);
  if (plan.holder !== gate.holder?.id) await setHolder(tx, code, plan.holder);
  const those = (verdict: string): number[] =>
    arrivals.map(({ id }) => id).filter((id) => plan.verdicts.get(id) === verdict);
  const waiting = those("wait");
  const tickets = waiting.length === 0 ? [] : await drawTickets(tx, code, waiting.length);
  return {
    waiters: waiting.map((id, index) => ({ workflowInstanceId: id, ticket: tickets[index] ?? 0 })),
    stopped: new Set(those("stop")),
    entered: those("enter"),
  };
}

/**
 * Lets a batch pass the gates of its serial definitions, in the order of the commands. The workflows are locked
 * already, the gates are locked here, by code.
 */
export async function passGates(
  tx: SqlExecutor,
  ports: GatePorts,
  batch: readonly AtGate[],
): Promise<Passing> {
  const coming = batch.filter(({ command, decision }) => decision.kind === "take" && command.type !== INSIDE);
  const codes = [...new Set(coming.map(({ workflow }) => workflow?.definitionCode ?? 0))];
  if (codes.length === 0 || (await selectSerialDefinitions(tx, codes)).size === 0) return NOTHING;
  const ids = coming.map(({ command }) => command.workflowInstanceId);
  const serial = new Map((await selectSerialInstances(tx, ids)).map((found) => [found.id, found]));
  const arrivals = coming.flatMap(({ command }) => {
    const found: SerialInstance | undefined = serial.get(command.workflowInstanceId);
    return found === undefined ? [] : [{ ...found, called: command.type === CALLED }];
  });
  const gates = [...new Set(arrivals.map(({ code }) => code))].toSorted((left, right) => left - right);
  const displacing = arrivals.filter(({ type }) => type === "SERIAL_PRIORITY").map(({ code }) => code);
  if (displacing.length > 0) await lockWaiting(tx, displacing);
  const passings: Passing[] = [];
  for (const code of gates) {
    const those = arrivals.filter((arrival) => arrival.code === code);
    passings.push(await passGate(tx, ports, code, those));
  }
  return {
    waiters: passings.flatMap(({ waiters }) => waiters),
    stopped: new Set(passings.flatMap(({ stopped }) => [...stopped])),
    entered: passings.flatMap(({ entered }) => entered),
  };
}

/** The decision of the claim, as the gate leaves it. */
export function decisionAfter(passing: Passing, { workflow, decision }: AtGate): GatedDecision {
  if (decision.kind !== "take" || workflow === undefined) return decision;
  if (passing.stopped.has(workflow.id)) return { kind: "stop", state: "STOP" };
  const waits = passing.waiters.some(({ workflowInstanceId }) => workflowInstanceId === workflow.id);
  // Its open orders wait with it.
  return waits ? { ...decision, state: "SERIAL_WAIT", ordersApplied: false } : decision;
}

/** Ends those that are not let in. Gives their epochs. */
export async function endStopped(
  tx: SqlExecutor,
  ports: GatePorts,
  { stopped }: Passing,
): Promise<ReadonlyMap<number, number>> {
  const epochs = new Map<number, number>();
  const nowMs = ports.clock.now();
  for (const workflowInstanceId of stopped) {
    epochs.set(workflowInstanceId, await endWaiting(tx, { workflowInstanceId, state: "STOP", nowMs }));
    const why = "another instance of the same definition is at work or goes first";
    await insertAudit(tx, { step: "SERIAL", me: ports.me.incarnation, workflowInstanceId, why, nowMs });
  }
  return epochs;
}

/**
 * After the claim has written its rows: who has to wait is nobody's again, in an epoch of nobody's; who is inside has
 * no ticket. Gives the epochs of those that wait.
 */
export async function settlePassing(
  tx: SqlExecutor,
  { waiters, entered }: Passing,
): Promise<ReadonlyMap<number, number>> {
  if (entered.length > 0) await dropTickets(tx, entered);
  return waiters.length > 0 ? putToWait(tx, waiters) : new Map();
}
