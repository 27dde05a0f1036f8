import { type Columns, formatFields, formatTable, rowOf, rowsOf } from "./tables.ts";

type Body = Readonly<Record<string, unknown>>;

const INSTANCES: Columns = {
  id: "ID",
  workflow: "WORKFLOW",
  state: "STATE",
  host: "MASTER",
  runTimes: "RUNS",
  startTime: "STARTED (UTC)",
  endTime: "ENDED",
  scheduleTime: "FOR DATE",
};
const INSTANCE: Columns = {
  id: "Instance",
  name: "Name",
  workflow: "Workflow",
  workflowDefinitionCode: "Code",
  state: "State",
  host: "Master",
  runTimes: "Runs",
  workerGroup: "Worker group",
  dryRun: "Dry run",
  scheduleTime: "For date",
  startTime: "Started (UTC)",
  restartTime: "Taken up",
  endTime: "Ended",
};
const ATTEMPTS: Columns = {
  id: "ATTEMPT",
  task: "TASK",
  state: "STATE",
  valid: "VALID",
  retryTimes: "RETRY",
  host: "WORKER",
  startTime: "STARTED (UTC)",
  endTime: "ENDED",
  killReason: "KILLED FOR",
  logPath: "LOG",
};
const ORDERS: Columns = {
  kind: "ORDER",
  outcome: "OUTCOME",
  createTime: "GIVEN (UTC)",
  requestId: "REQUEST",
};
const COMMANDS: Columns = {
  id: "ID",
  type: "TYPE",
  workflowInstanceId: "INSTANCE",
  workflowDefinitionCode: "CODE",
  priority: "PRIORITY",
  startTime: "SINCE (UTC)",
};
const FAILED: Columns = { ...COMMANDS, message: "REASON" };
const WORKFLOWS: Columns = {
  code: "CODE",
  name: "NAME",
  version: "VERSION",
  projectCode: "PROJECT",
  description: "DESCRIPTION",
};

/** `list`. */
export function showInstances(body: Body): string {
  return formatTable(rowsOf(body["instances"]), INSTANCES, "no instances");
}

/** `workflows`. */
export function showWorkflows(body: Body): string {
  return formatTable(rowsOf(body["workflows"]), WORKFLOWS, "no workflows");
}

/** `commands`. */
export function showCommands(body: Body): string {
  return formatTable(rowsOf(body["commands"]), COMMANDS, "no commands wait");
}

/** `error-commands`. */
export function showErrorCommands(body: Body): string {
  return formatTable(rowsOf(body["errorCommands"]), FAILED, "no command failed");
}

/** `show`: the instance, its attempts, and what else there is to say. */
export function showInstance(body: Body): string {
  const orders = rowsOf(body["orders"]);
  const commands = rowsOf([body["command"]]);
  const failed = rowsOf(body["errorCommands"]);
  return [
    formatFields(rowOf(body["instance"]), INSTANCE),
    formatTable(rowsOf(body["attempts"]), ATTEMPTS, "no task has been started"),
    ...(orders.length === 0 ? [] : [formatTable(orders, ORDERS, "")]),
    ...(commands.length === 0 ? [] : [`A command waits for it:\n${formatTable(commands, COMMANDS, "")}`]),
    ...(failed.length === 0 ? [] : [`Commands that failed:\n${formatTable(failed, FAILED, "")}`]),
  ].join("\n");
}
