import { WORKFLOW_STATES, type WorkflowState } from "../model/index.ts";
import {
  type CommandView,
  type Database,
  type InstanceView,
  selectAttemptViews,
  selectCommandViews,
  selectDefinitions,
  selectInstanceView,
  selectInstanceViews,
  selectOrderViews,
} from "../store/index.ts";
import { RefusedError } from "./refusal.ts";

type Query = ReadonlyMap<string, string>;

const DEFAULT_LIMIT = 50;
const LARGEST_LIMIT = 1000;

function numberIn(query: Query, name: string): number | undefined {
  const text = query.get(name);
  if (text === undefined) return undefined;
  const value = Number(text);
  if (Number.isInteger(value) && value > 0) return value;
  throw new RefusedError("INVALID", `${name} must be a whole number from 1, is ${text}`);
}

function limitIn(query: Query): number {
  return Math.min(numberIn(query, "limit") ?? DEFAULT_LIMIT, LARGEST_LIMIT);
}

function stateIn(query: Query): WorkflowState | undefined {
  const text = query.get("state");
  if (text === undefined) return undefined;
  const state = WORKFLOW_STATES.find((word) => word === text.toUpperCase());
  if (state !== undefined) return state;
  throw new RefusedError("INVALID", `there is no state ${text}`, `there are ${WORKFLOW_STATES.join(", ")}`);
}

function onlyKnown(query: Query, known: readonly string[]): void {
  const unknown = [...query.keys()].find((name) => !known.includes(name));
  if (unknown !== undefined)
    throw new RefusedError("INVALID", `there is no parameter ${unknown}`, `there are ${known.join(", ")}`);
}

const time = (atMs: number | null): string | null => (atMs === null ? null : new Date(atMs).toISOString());

function instanceBody(view: InstanceView): object {
  const { scheduleTime, startTime, restartTime, endTime } = view;
  return {
    ...view,
    scheduleTime: time(scheduleTime),
    startTime: time(startTime),
    restartTime: time(restartTime),
    endTime: time(endTime),
  };
}

function commandBody(view: CommandView): object {
  return { ...view, scheduleTime: time(view.scheduleTime), startTime: time(view.startTime) };
}

/** Workflow definitions. */
export async function listWorkflows(database: Database, query: Query): Promise<object> {
  onlyKnown(query, ["name", "limit"]);
  const name = query.get("name");
  const rows = await selectDefinitions(database, {
    ...(name === undefined ? {} : { name }),
    limit: limitIn(query),
  });
  return { workflows: rows };
}

/** Instances, the newest first. */
export async function listInstances(database: Database, query: Query): Promise<object> {
  onlyKnown(query, ["workflow", "state", "before", "limit"]);
  const workflow = query.get("workflow");
  const isCode = workflow !== undefined && /^\d{1,15}$/.test(workflow);
  const views = await selectInstanceViews(database, {
    code: isCode ? Number(workflow) : undefined,
    name: isCode ? undefined : workflow,
    state: stateIn(query),
    before: numberIn(query, "before"),
    limit: limitIn(query),
  });
  return { instances: views.map(instanceBody) };
}

/** One instance with its attempts, orders and command. Throws RefusedError. */
export async function showInstance(database: Database, id: number): Promise<object> {
  // The command first: an instance that has none by then shows what its claim made of it.
  const [command] = await selectCommandViews(database, {
    from: "t_ds_command",
    workflowInstanceId: id,
    limit: 1,
  });
  const view = await selectInstanceView(database, id);
  if (view === undefined)
    throw new RefusedError(
      "NOT_FOUND",
      `there is no workflow instance ${id}`,
      "GET /api/v1/instances lists them",
    );
  const attempts = await selectAttemptViews(database, id);
  const failed = await selectCommandViews(database, {
    from: "t_ds_error_command",
    workflowInstanceId: id,
    limit: LARGEST_LIMIT,
  });
  const orders = await selectOrderViews(database, id);
  return {
    instance: instanceBody(view),
    attempts: attempts.map((attempt) => ({
      ...attempt,
      submitTime: time(attempt.submitTime),
      startTime: time(attempt.startTime),
      endTime: time(attempt.endTime),
    })),
    orders: orders.map((order) => ({ ...order, createTime: time(order.createTime) })),
    command: command === undefined ? null : commandBody(command),
    errorCommands: failed.map(commandBody),
  };
}

/** Commands that wait. */
export async function listCommands(database: Database, query: Query): Promise<object> {
  onlyKnown(query, ["limit"]);
  const views = await selectCommandViews(database, { from: "t_ds_command", limit: limitIn(query) });
  return { commands: views.map(commandBody) };
}

/** Commands that were set aside, with the reason. */
export async function listErrorCommands(database: Database, query: Query): Promise<object> {
  onlyKnown(query, ["limit"]);
  const views = await selectCommandViews(database, { from: "t_ds_error_command", limit: limitIn(query) });
  return { errorCommands: views.map(commandBody) };
}
