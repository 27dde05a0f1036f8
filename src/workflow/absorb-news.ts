import { errorMessage } from "../base/index.ts";
import type { ActiveWorkflowState } from "../model/index.ts";
import type { ReportBody } from "../rpc/index.ts";
import {
  changeWorkflowState,
  closeIntents,
  type IntentRow,
  type ReportRow,
  selectAlive,
  selectOpenIntents,
  selectOpenReports,
} from "../store/index.ts";
import { absorbFreeSlots } from "./hold-slots.ts";
import { executorOf } from "./load-run.ts";
import { writeOwned } from "./owner-write.ts";
import type { RunPorts, RunState } from "./run-state.ts";
import { applyReport } from "./task-outcome.ts";

/** The state that open orders lead to. STOP beats PAUSE; a stop is never taken back. */
function stateAfter(state: ActiveWorkflowState, intents: readonly IntentRow[]): ActiveWorkflowState {
  if (state === "READY_STOP" || intents.some((intent) => intent.kind === "STOP")) return "READY_STOP";
  return intents.length > 0 ? "READY_PAUSE" : state;
}

async function absorbIntents(ports: RunPorts, run: RunState): Promise<void> {
  const intents = await selectOpenIntents(ports.database, [run.own.workflowInstanceId]);
  if (intents.length === 0) return;
  const from = run.state;
  const to = stateAfter(from, intents);
  const nowMs = ports.clock.now();
  await writeOwned(ports, run, `order ${to}`, async (tx) => {
    if (to !== from) await changeWorkflowState(tx, run.own.workflowInstanceId, { from: [from], to, nowMs });
    await closeIntents(
      tx,
      intents.map((intent) => intent.id),
      { outcome: "APPLIED", epoch: run.own.epoch, nowMs },
    );
  });
  if (to === from) return;
  run.state = to;
  const { workflowInstanceId, epoch } = run.own;
  ports.events.emit({ type: "workflow.state", workflowInstanceId, state: to, from, epoch });
}

/** A report that cannot be read: that the delivery ended is all that is known, so the attempt is lost. */
function unreadable(ports: RunPorts, report: ReportRow): ReportBody | undefined {
  if (report.kind !== "FINISHED") return undefined;
  return { kind: "FINISHED", outcome: "LOST", exitCode: null, endTimeMs: ports.clock.now(), out: {} };
}

function parseBody(ports: RunPorts, report: ReportRow): ReportBody | undefined {
  try {
    return JSON.parse(report.payload) as ReportBody;
  } catch (error) {
    ports.log.error(
      `report ${report.seq} of attempt ${report.taskInstanceId} cannot be read: ${errorMessage(error)}`,
    );
    return unreadable(ports, report);
  }
}

async function absorbReports(ports: RunPorts, run: RunState): Promise<void> {
  for (const inbox of await selectOpenReports(ports.database, run.own.workflowInstanceId)) {
    const body = parseBody(ports, inbox);
    if (body === undefined) continue;
    await applyReport(ports, run, {
      taskInstanceId: inbox.taskInstanceId,
      dispatchNo: inbox.dispatchNo,
      body,
      inbox,
    });
  }
}

/** Live attempts whose worker life is over: once it is fenced nothing of it runs any more, so they get a successor. */
export async function absorbDeaths(ports: RunPorts, run: RunState): Promise<void> {
  const live = [...run.tasks.values()].filter(
    (task) => (task.state === "DISPATCH" || task.state === "RUNNING_EXECUTION") && !run.busy.has(task.id),
  );
  if (live.length === 0) return;
  const lives = live.map((task) => task.workerIncarnation).filter((life) => life !== null);
  const alive = await selectAlive(ports.database, lives);
  for (const task of live) {
    if (executorOf(task, alive) === "dead") run.executors.set(task.id, "dead");
  }
}

/** Takes in what others left for this workflow: orders, reports, deaths of workers. */
export async function absorbNews(ports: RunPorts, run: RunState): Promise<void> {
  // Deaths are looked up before the reports: a report that was stored before its worker was fenced is then not missed.
  await Promise.all([absorbIntents(ports, run), absorbDeaths(ports, run)]);
  await absorbReports(ports, run);
  await absorbFreeSlots(ports, run);
}
