import type { Clock, Failpoints } from "../base/index.ts";
import {
  decideClaim,
  type Events,
  flawOfCommand,
  WORKFLOW_STATES,
  type WorkflowState,
  workflowStateOfCode,
} from "../model/index.ts";
import {
  assertSelf,
  type CommandRow,
  closeIntents,
  copyStartParameters,
  type Database,
  deleteCommands,
  endByForce,
  type FetchOptions,
  type IntentRow,
  insertClaimAudit,
  insertInstance,
  invalidateAllTasks,
  lockCommands,
  lockWorkflows,
  type Ownership,
  type SqlExecutor,
  selectOpenIntents,
  setCommandAside,
  setCommandInstance,
  takeOwnership,
  type WorkflowRow,
} from "../store/index.ts";
import {
  decisionAfter,
  endStopped,
  type GatedDecision,
  leaveThoseBehind,
  passGates,
  settlePassing,
} from "./pass-gates.ts";
import { applyRunParameters, isStart, reviveWorkflow, setFirstDates } from "./run-parameters.ts";

export interface ClaimPorts {
  readonly clock: Clock;
  readonly database: Database;
  readonly events: Events;
  readonly failpoints: Failpoints;
  readonly me: { readonly incarnation: string; readonly address: string };
}

/** A command, the workflow it is for, and what is to be done. */
interface Decided {
  readonly command: CommandRow;
  readonly workflow: WorkflowRow | undefined;
  readonly intents: readonly IntentRow[];
  readonly decision: GatedDecision;
}

/** What a claim transaction brought. */
export interface Claimed {
  /** Owned since the commit. */
  readonly owned: readonly Ownership[];
  /** Commands that were taken from the table, the refused ones too. */
  readonly commands: number;
}

type Taken = Decided & {
  readonly decision: Extract<GatedDecision, { kind: "take" }>;
  readonly workflow: WorkflowRow;
};

/** `workflowExecutionStatus` in the parameter of a failover command: a state by its word. */
function stateInCommand(param: string | null): WorkflowState | undefined {
  if (param === null) return undefined;
  try {
    const value: unknown = JSON.parse(param);
    if (typeof value !== "object" || value === null || !("workflowExecutionStatus" in value))
      return undefined;
    return WORKFLOW_STATES.find((state) => state === value.workflowExecutionStatus);
  } catch {
    return undefined;
  }
}

/** A command without an instance (a schedule's, or a bare row) gets one. */
async function giveInstance(tx: SqlExecutor, command: CommandRow, nowMs: number): Promise<CommandRow> {
  if (command.workflowInstanceId > 0 || !isStart(command.type)) return command;
  const version = command.definitionVersion === 0 ? null : command.definitionVersion;
  const instance = await insertInstance(tx, {
    definitionCode: command.definitionCode,
    definitionVersion: version,
    priority: command.priority ?? 2,
    workerGroup: command.workerGroup,
    failureStrategy: command.failureStrategy ?? 0,
    dryRun: command.dryRun === 1,
    nowMs,
  });
  if (instance === undefined) return command;
  await setCommandInstance(tx, command.id, instance.id);
  return { ...command, workflowInstanceId: instance.id };
}

async function decideAll(tx: SqlExecutor, commands: readonly CommandRow[]) {
  const ids = commands.map((command) => command.workflowInstanceId).filter((id) => id > 0);
  const workflows = await lockWorkflows(tx, ids);
  const intents = await selectOpenIntents(tx, ids);
  return commands.map((command) => {
    const workflow = workflows.get(command.workflowInstanceId);
    const mine = intents.filter((intent) => intent.workflowInstanceId === command.workflowInstanceId);
    const decision = decideClaim({
      commandType: command.type,
      commandCode: command.typeCode,
      workflow: workflow && {
        state: workflow.state,
        owned: workflow.ownerIncarnation !== null,
        preFailoverState: workflowStateOfCode(workflow.preFailoverState ?? -1),
      },
      stateInCommand: stateInCommand(command.param),
      openOrders: mine.map((intent) => intent.kind),
      flaw: flawOfCommand(command.type, command.param),
    });
    return { command, workflow, intents: mine, decision };
  });
}

async function takeAll(
  tx: SqlExecutor,
  ports: ClaimPorts,
  taken: readonly Taken[],
): Promise<ReadonlyMap<number, number>> {
  if (taken.length === 0) return new Map();
  const nowMs = ports.clock.now();
  const idsWith = (tasks: Taken["decision"]["tasks"]): number[] =>
    taken.filter((entry) => entry.decision.tasks === tasks).map((entry) => entry.workflow.id);
  const starting = taken
    .filter((entry) => entry.decision.begins === "first-run")
    .map((entry) => entry.command.id);
  if (starting.length > 0) await copyStartParameters(tx, starting);
  await setFirstDates(tx, taken);
  const epochs = await takeOwnership(
    tx,
    { ...ports.me, nowMs },
    taken.map(({ workflow, decision }) => ({
      workflowInstanceId: workflow.id,
      state: decision.state,
      begins: decision.begins,
    })),
  );
  if (idsWith("invalidate").length > 0) await invalidateAllTasks(tx, idsWith("invalidate"));
  for (const entry of taken) {
    if (entry.decision.tasks === "revive") await reviveWorkflow(tx, entry, nowMs);
    if (entry.decision.begins === "next-run") await applyRunParameters(tx, entry);
  }
  for (const { workflow, intents, decision } of taken) {
    const epoch = epochs.get(workflow.id) ?? 0;
    if (decision.ordersApplied) {
      await closeIntents(
        tx,
        intents.map((intent) => intent.id),
        { outcome: "APPLIED", epoch, nowMs },
      );
    }
  }
  const rescued = taken
    .filter(({ command }) => command.type === "RECOVER_TOLERANCE_FAULT_PROCESS")
    .map(({ workflow: { id } }) => ({ workflowInstanceId: id, epoch: epochs.get(id) ?? 0 }));
  await insertClaimAudit(tx, { me: ports.me.incarnation, rescued, nowMs });
  await deleteCommands(
    tx,
    taken.map((entry) => entry.command.id),
  );
  return epochs;
}

async function refuseAll(tx: SqlExecutor, ports: ClaimPorts, refused: readonly Decided[]): Promise<void> {
  for (const { command, workflow, decision } of refused) {
    if (decision.kind !== "refuse") continue;
    await setCommandAside(tx, command.id, decision.message);
    if (decision.endWorkflow && workflow !== undefined) {
      const nowMs = ports.clock.now();
      await endByForce(tx, {
        workflowInstanceId: workflow.id,
        me: ports.me.incarnation,
        step: "GIVE_UP",
        why: decision.message,
        nowMs,
      });
    }
  }
}

function tell(ports: ClaimPorts, decided: readonly Decided[], epochs: ReadonlyMap<number, number>): void {
  for (const { command, workflow, decision } of decided) {
    const { id: commandId, workflowInstanceId } = command;
    if (decision.kind === "refuse") {
      ports.events.emit({ type: "command.failed", commandId, workflowInstanceId, message: decision.message });
      continue;
    }
    const inside = decision.kind === "take" && decision.state !== "SERIAL_WAIT";
    const epoch = epochs.get(workflowInstanceId) ?? 0;
    if (command.type === undefined || workflow === undefined) continue;
    ports.events.emit({
      type: "command.claimed",
      commandId,
      commandType: command.type,
      workflowInstanceId,
      // Who is not let in was given to nobody at once, which is an epoch of its own.
      epoch: inside ? epoch : epoch - 1,
    });
    const owner = inside ? ports.me.incarnation : null;
    ports.events.emit({ type: "workflow.owner", workflowInstanceId, owner, epoch });
    ports.events.emit({
      type: "workflow.state",
      workflowInstanceId,
      state: decision.state,
      from: workflow.state,
      epoch,
    });
  }
}

/**
 * Takes waiting commands and with them their workflows, in one transaction: SELF, the commands, the workflows, the
 * orders, then everything set-based. Dies it before COMMIT, nothing happened; after, it died as their owner.
 * Throws FencedError or StoreError; after UNKNOWN the caller has to look what it owns.
 */
export async function claimCommands(ports: ClaimPorts, fetch: FetchOptions): Promise<Claimed> {
  await ports.failpoints.reach("command.claim.before");
  const { decided, epochs } = await ports.database.transaction(async (tx) => {
    await assertSelf(tx, ports.me.incarnation);
    const rows = await lockCommands(tx, fetch);
    const commands: CommandRow[] = [];
    for (const row of await leaveThoseBehind(tx, rows))
      commands.push(await giveInstance(tx, row, ports.clock.now()));
    const decisions = await decideAll(tx, commands);
    const passing = await passGates(tx, ports, decisions);
    const found = decisions.map((entry): Decided => ({ ...entry, decision: decisionAfter(passing, entry) }));
    const taken = found.filter(
      (entry): entry is Taken => entry.decision.kind === "take" && entry.workflow !== undefined,
    );
    const taking = await takeAll(tx, ports, taken);
    const waiting = await settlePassing(tx, passing);
    const stopped = await endStopped(tx, ports, passing);
    await refuseAll(tx, ports, found);
    if (found.length > 0) {
      const workflowInstanceId = found[0]?.command.workflowInstanceId ?? 0;
      await ports.failpoints.reach("command.claim.inside", { workflowInstanceId });
    }
    return { decided: found, epochs: new Map([...taking, ...waiting, ...stopped]) };
  });
  tell(ports, decided, epochs);
  if (decided.length > 0) {
    await ports.failpoints.reach("command.claim.after", {
      workflowInstanceId: decided[0]?.command.workflowInstanceId ?? 0,
    });
  }
  const { incarnation } = ports.me;
  const owned = decided
    .filter(({ decision }) => decision.kind === "take" && decision.state !== "SERIAL_WAIT")
    .map(({ command: { workflowInstanceId } }) => ({
      workflowInstanceId,
      incarnation,
      epoch: epochs.get(workflowInstanceId) ?? 0,
    }));
  return { owned, commands: decided.length };
}

/** Sets the command aside that makes a claim of it alone fail. Its workflow, which nobody else would take, ends. */
export async function setHeadAside(ports: ClaimPorts, fetch: FetchOptions, why: string): Promise<void> {
  const failed = await ports.database.transaction(async (tx) => {
    await assertSelf(tx, ports.me.incarnation);
    const commands = await lockCommands(tx, { ...fetch, limit: 1 });
    const workflows = await lockWorkflows(
      tx,
      commands.map((command) => command.workflowInstanceId),
    );
    for (const { id, workflowInstanceId } of commands) {
      await setCommandAside(tx, id, why);
      const state = workflows.get(workflowInstanceId)?.state;
      if (state !== "SUBMITTED_SUCCESS" && state !== "FAILOVER") continue;
      const { incarnation: me } = ports.me;
      await endByForce(tx, { workflowInstanceId, me, step: "GIVE_UP", why, nowMs: ports.clock.now() });
    }
    return commands;
  });
  for (const { id: commandId, workflowInstanceId } of failed)
    ports.events.emit({ type: "command.failed", commandId, workflowInstanceId, message: why });
}
