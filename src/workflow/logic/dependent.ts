import {
  type Answer,
  combine,
  dateWindowsOf,
  isWorkflowFinished,
  judgeDependence,
} from "../../model/index.ts";
import { type DependencyRow, selectDependencies, type TaskRow } from "../../store/index.ts";
import type { RunPorts, RunState } from "../run-state.ts";
import { endLogicRow, type LogicEnd } from "./logic-row.ts";
import { type DependentItem, parseSettings, readDependent, SettingsError } from "./task-settings.ts";

/** What the newest instance of a window says. A failure that is tried again is none yet. */
function answerOf(row: DependencyRow, ofTask: boolean): Answer {
  if (row.state === undefined) return "waiting";
  const over = isWorkflowFinished(row.state);
  if (!ofTask) return row.state === "SUCCESS" ? "yes" : over ? "no" : "waiting";
  switch (row.taskState) {
    case "SUCCESS":
    case "FORCED_SUCCESS":
      return "yes";
    case "FAILURE":
      return over || !row.retriesLeft ? "no" : "waiting";
    case "KILL":
    case "PAUSE":
      return "no";
    default:
      return over ? "no" : "waiting";
  }
}

async function ask(ports: RunPorts, run: RunState, item: DependentItem, atMs: number): Promise<Answer> {
  const windows = dateWindowsOf(item.dateValue, atMs);
  if (windows === undefined) throw new SettingsError(`no window is called ${item.dateValue}`);
  const { definitionCode, taskCode } = item;
  const asker = run.own.workflowInstanceId;
  const rows = await selectDependencies(ports.database, { definitionCode, taskCode, windows, asker });
  // In each of the windows: of three days, all three.
  return combine(
    "AND",
    rows.map((row) => answerOf(row, taskCode !== undefined)),
  );
}

/**
 * What all that it depends on says, seen from when it was first submitted: the same after a take-over, and over
 * midnight.
 */
async function askAll(ports: RunPorts, run: RunState, task: TaskRow): Promise<Answer> {
  const { dependence, failureWaitingMs } = readDependent(parseSettings(task.taskParams));
  const nowMs = ports.clock.now();
  const since = task.firstSubmitTime ?? nowMs;
  const answers = new Map<DependentItem, Answer>();
  for (const item of dependence.groups.flatMap(({ items }) => items))
    answers.set(item, await ask(ports, run, item, run.row.scheduleTime ?? since));
  const answer = judgeDependence(dependence, (item) => answers.get(item) ?? "waiting");
  return answer === "no" && nowMs < since + failureWaitingMs ? "waiting" : answer;
}

async function endOf(ports: RunPorts, run: RunState, task: TaskRow): Promise<LogicEnd | undefined> {
  // It only waits, so it can be left and taken up at any time.
  if (run.state === "READY_STOP" || task.killReason !== null) return { state: "KILL" };
  if (run.state === "READY_PAUSE") return { state: "PAUSE" };
  try {
    const answer = await askAll(ports, run, task);
    if (answer === "waiting") return undefined;
    return answer === "yes"
      ? { state: "SUCCESS" }
      : { state: "FAILURE", why: "something that it depends on has failed" };
  } catch (error) {
    if (error instanceof SettingsError) return { state: "FAILURE", why: error.message };
    throw error;
  }
}

/**
 * One look of a DEPENDENT task at what it waits for. It remembers nothing: after a failover the next attempt asks the
 * same again.
 */
export async function followDependencies(ports: RunPorts, run: RunState, task: TaskRow): Promise<void> {
  const end = await endOf(ports, run, task);
  if (end !== undefined) await endLogicRow(ports, run, task, async () => end);
}
