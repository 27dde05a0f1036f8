import type {
  Action,
  InstanceSeed,
  ResolvedCase,
  Step,
  TaskDefinition,
  WorkflowDefinition,
} from "../resolved-case.ts";
import { formatDuration } from "../vocabulary/duration.ts";
import { readText } from "../vocabulary/read-json.ts";
import { formatInstanceRef } from "../vocabulary/references.ts";
import { explainExpect } from "./explain-expect.ts";
import { wordsOfCommand, wordsOfMoment, wordsOfTarget, wordsOfTimes } from "./explain-words.ts";

/** The case as a story in plain English: what stands at the start, what breaks when, what must be true at the end. */
export function explainCase(resolved: ResolvedCase): string {
  const title = resolved.combination === "" ? resolved.name : `${resolved.name} [${resolved.combination}]`;
  const sections = [
    [title, `(${resolved.file})`],
    ["At the start", ...explainStart(resolved).map(bullet)],
    ["What happens", ...explainSteps(resolved.steps)],
    [titleOfEnd(resolved), ...explainEnd(resolved).map(bullet)],
  ];
  const notes = explainNotes(resolved);
  if (notes.length > 0) sections.push(["Notes", ...notes.map(bullet)]);
  return `${sections.map((lines) => lines.join("\n")).join("\n\n")}\n`;
}

function bullet(line: string): string {
  return line.startsWith("  ") ? `    ${line.trimStart()}` : `  - ${line}`;
}

function explainStart({ cluster, database, registry }: ResolvedCase): readonly string[] {
  const up = cluster.nodes.filter((node) => !node.absent).map((node) => node.name);
  const away = cluster.nodes.filter((node) => node.absent).map((node) => node.name);
  const lines = [up.length === 0 ? "No node runs." : `Running: ${up.join(", ")}.`];
  if (away.length > 0) lines.push(`Not started, but with an address and a past: ${away.join(", ")}.`);
  for (const workflow of database.workflows) lines.push(...explainWorkflow(workflow));
  if (database.fixture !== undefined) {
    const names = database.fixture.workflows.map((workflow) => workflow.name).join(", ");
    lines.push(`Rows of the fixture ${database.fixture.file}, with the workflows ${names}.`);
  }
  lines.push(...explainInstances(database.instances));
  for (const { command, count } of database.commands) {
    lines.push(
      `A command waits that ${wordsOfCommand(command)}${count === 1 ? "" : ` (${wordsOfTimes(count)})`}.`,
    );
  }
  for (const [table, rows] of Object.entries(database.tables)) {
    lines.push(`${rows.length} raw row${rows.length === 1 ? "" : "s"} in ${table}.`);
  }
  for (const name of registry.registered)
    lines.push(`${name} is still registered, by a session that is dying.`);
  for (const name of registry.markers) lines.push(`The failover of ${name} is marked as finished.`);
  for (const [path, holder] of Object.entries(registry.locks))
    lines.push(`${holder} holds the lock ${path}.`);
  for (const [path, value] of Object.entries(registry.entries)) {
    lines.push(`The registry has ${path} = ${value}.`);
  }
  return lines;
}

function explainWorkflow(workflow: WorkflowDefinition): readonly string[] {
  return [`Workflow ${workflow.name}:`, ...workflow.tasks.map((task) => `  ${explainTask(task)}`)];
}

function explainTask(task: TaskDefinition): string {
  const after = task.after.length === 0 ? "" : `, after ${task.after.join(" and ")}`;
  const retries =
    task.retries === 0
      ? ""
      : `, retried ${wordsOfTimes(task.retries)} after ${formatDuration(task.retryInterval)}`;
  return `${task.name}: ${wordsOfTask(task.action)}${after}${retries}`;
}

function wordsOfTask(action: TaskDefinition["action"]): string {
  switch (action.kind) {
    case "run":
      return `runs \`${firstLine(action.script)}\` on a worker`;
    case "runOnMaster":
      return `runs \`${firstLine(action.script)}\` inside the master`;
    case "subWorkflow":
      return `runs the workflow ${action.workflow}`;
    case "conditions":
      return "chooses a branch by the states of tasks";
    case "switch":
      return "chooses a branch by parameters";
    case "dependent":
      return "waits for other workflows";
  }
}

function firstLine(script: string): string {
  const [line = ""] = script.trim().split("\n");
  return line.length < script.trim().length ? `${line} …` : line;
}

/** Equal instances (`count`) are one line. */
function explainInstances(instances: readonly InstanceSeed[]): readonly string[] {
  const byPlace = new Map<string, InstanceSeed[]>();
  for (const seed of instances) byPlace.set(seed.pointer, [...(byPlace.get(seed.pointer) ?? []), seed]);
  return [...byPlace.values()].flatMap((seeds) => {
    const [seed] = seeds;
    if (seed === undefined) return [];
    const many = seeds.length === 1 ? "An instance" : `${seeds.length} instances`;
    const host = seed.host === null ? "without an owner" : `of ${seed.host}`;
    const tasks = seed.tasks
      .map(({ task, attempts }) => `${task} ${attempts.map((attempt) => attempt.state).join(", ")}`)
      .join("; ");
    return [`${many} of ${seed.workflow}, ${seed.state}, ${host}${tasks === "" ? "" : `: ${tasks}`}.`];
  });
}

function explainSteps(steps: readonly Step[]): readonly string[] {
  if (steps.length === 0) return ["  Nothing: the nodes are started, and that is all."];
  return steps.flatMap((step, index) => {
    const when =
      step.when === undefined
        ? index === 0
          ? "when all nodes are up"
          : "when the step before has landed"
        : wordsOfMoment(step.when);
    const undone = step.for === undefined ? "" : `, undone after ${formatDuration(step.for)}`;
    const times = step.times === 1 ? "" : `, ${wordsOfTimes(step.times)}`;
    const every = step.every === undefined ? "" : `, every ${formatDuration(step.every)}`;
    const line = `${upperFirst(when)}: ${wordsOfAction(step.action)}${undone}${times}${every}.`;
    const checks = step.action.kind === "verify" ? explainExpect(step.action.expect) : [];
    return [`  ${index + 1}. ${line} (${step.id})`, ...checks.map((check) => `  ${bullet(check)}`)];
  });
}

const VERBS = {
  kill: "kill (SIGKILL)",
  stop: "stop (SIGTERM)",
  pause: "freeze (SIGSTOP)",
  start: "start",
  resume: "let go on (SIGCONT)",
  restart: "restart",
} as const;

function wordsOfAction(action: Action): string {
  switch (action.kind) {
    case "kill":
    case "stop":
    case "pause":
    case "start":
    case "resume":
    case "restart":
      return `${VERBS[action.kind]} ${wordsOfTarget(action.target)}`;
    case "replace":
      return `start a second process on the address of ${wordsOfTarget(action.target)}`;
    case "failpoint": {
      const by = action.by === undefined ? "any process" : wordsOfTarget(action.by);
      const nth = action.nth === undefined ? "" : `, time ${action.nth} only`;
      const delay = action.delay === undefined ? "" : ` for ${formatDuration(action.delay)}`;
      return `from now on ${by} does \`${action.do}\`${delay} at ${action.at}${nth}`;
    }
    case "operate": {
      const via = action.via === undefined ? "a master" : wordsOfTarget(action.via);
      const asked = wordsOfRequest(action.request);
      return `an operator, through ${via}, ${asked}${action.answer === "any" ? "" : `: must be ${action.answer}`}`;
    }
    case "sql":
      return `run the statement \`${firstLine(action.statement)}\``;
    case "verify":
      return `within ${formatDuration(action.within)} this must be true`;
    case "unsupported":
      return `${action.name} (not available in this version)`;
  }
}

function wordsOfRequest(request: Extract<Action, { kind: "operate" }>["request"]): string {
  switch (request.kind) {
    case "pause":
    case "stop":
      return `${request.kind}s ${formatInstanceRef(request.instance)}`;
    case "start":
    case "repeat":
    case "recoverFailed":
    case "recoverSuspended":
    case "failover":
      return wordsOfCommand(request);
  }
}

function titleOfEnd({ expect }: ResolvedCase): string {
  const within = readText(expect["within"]) ?? "20s";
  const stable = readText(expect["stableFor"]) ?? "1 session";
  return `At the end: within ${within}, and then for ${stable}`;
}

function explainEnd({ expect }: ResolvedCase): readonly string[] {
  const both = expect["commands"] === undefined ? "No command is left" : "";
  const failed = expect["errorCommands"] === undefined ? "no command failed" : "";
  const none = [both, failed].filter((text) => text !== "").join(", ");
  return [...explainExpect(expect), ...(none === "" ? [] : [`${upperFirst(none)}.`])];
}

function explainNotes({ xfail, requires, unsupported }: ResolvedCase): readonly string[] {
  const needs = [...requires.registry, ...requires.environment, ...requires.capabilities];
  return [
    ...(needs.length === 0 ? [] : [`It needs: ${needs.join(", ")}.`]),
    ...(xfail === undefined
      ? []
      : [
          `It has to end in ${xfail.verdict}${xfail.with === undefined ? "" : ` by ${xfail.with}`}: ${xfail.reason}.`,
        ]),
    ...unsupported.map(({ reason }) => `It is skipped: ${reason}.`),
  ];
}

function upperFirst(text: string): string {
  return text.slice(0, 1).toUpperCase() + text.slice(1);
}
