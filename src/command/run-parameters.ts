import {
  type CommandType,
  nextRunOf,
  parseScheduleTime,
  planRevival,
  readCommandParam,
  TASK_DEPEND_TYPE_CODES,
  TASK_STATE_CODES,
  wordOfCode,
} from "../model/index.ts";
import {
  type CommandRow,
  reviveAttempts,
  type SqlExecutor,
  selectAttemptCodes,
  selectRelations,
  selectTaskDefinitions,
  setScheduleTime,
  type WorkflowRow,
  writeRunParameters,
} from "../store/index.ts";

/** A command that makes an ended workflow go on, and that workflow. */
export interface Resumed {
  readonly command: CommandRow;
  readonly workflow: WorkflowRow;
}

const STARTS: ReadonlySet<CommandType | undefined> = new Set<CommandType>([
  "START_PROCESS",
  "SCHEDULER",
  "START_CURRENT_TASK_PROCESS",
  "COMPLEMENT_DATA",
]);

/** It begins the first run of an instance, and brings the instance when it has none. */
export function isStart(type: CommandType | undefined): boolean {
  return STARTS.has(type);
}

const PAUSED = TASK_STATE_CODES.PAUSE;
const FAILED: ReadonlySet<number | null> = new Set([
  TASK_STATE_CODES.FAILURE,
  TASK_STATE_CODES.KILL,
  TASK_STATE_CODES.NEED_FAULT_TOLERANCE,
]);

/** The codes of the tasks that the command names. One that the definition does not have is left out. */
async function chosenCodes(tx: SqlExecutor, { command, workflow }: Resumed): Promise<readonly number[]> {
  const named = readCommandParam(command.param)?.startNodes ?? [];
  if (named.length === 0) return [];
  const tasks = await selectTaskDefinitions(tx, workflow.definitionCode, workflow.definitionVersion);
  const codes = named.map(
    (node) => tasks.find(({ name, code }) => name === node || code === Number(node))?.code,
  );
  // A code that is none chooses nothing: the recovery of one task must not become that of all.
  return codes.map((code) => code ?? -1);
}

/** For a recovery: paused attempts wait again, failed and killed ones get a successor. In the claim's transaction. */
export async function reviveWorkflow(tx: SqlExecutor, resumed: Resumed, nowMs: number): Promise<void> {
  const { command, workflow } = resumed;
  const attempts = await selectAttemptCodes(tx, workflow.id);
  const revival = planRevival({
    tasks: attempts.map(({ id, code, state }) => ({
      id,
      code,
      found: state === PAUSED ? "paused" : FAILED.has(state) ? "failed" : "other",
    })),
    edges: await selectRelations(tx, workflow.definitionCode, workflow.definitionVersion),
    chosen: await chosenCodes(tx, resumed),
    depend: wordOfCode(TASK_DEPEND_TYPE_CODES, command.taskDependType ?? -1) ?? "TASK_POST",
  });
  await reviveAttempts(tx, { workflowInstanceId: workflow.id, ...revival }, nowMs);
}

/** What the command brings for the run that it begins. In the claim's transaction, after the attempts. */
export async function applyRunParameters(tx: SqlExecutor, { command, workflow }: Resumed): Promise<void> {
  if (command.type === undefined) return;
  const { type, param, taskDependType: depend } = command;
  const next = nextRunOf({ type, param, depend }, { param: workflow.commandParam });
  if (next.commandParam === null && Object.keys(next.changes).length === 0) return;
  await writeRunParameters(tx, { workflowInstanceId: workflow.id, ...next });
}

/** A backfill that does not say its date runs the first of its list. In the claim's transaction. */
export async function setFirstDates(tx: SqlExecutor, starting: readonly Resumed[]): Promise<void> {
  for (const { command, workflow } of starting) {
    if (command.type !== "COMPLEMENT_DATA") continue;
    const [first = ""] = readCommandParam(command.param)?.backfillTimes ?? [];
    await setScheduleTime(tx, workflow.id, parseScheduleTime(first) ?? null);
  }
}
