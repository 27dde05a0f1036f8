import type {
  CommandRequest,
  EventPattern,
  Moment,
  MomentSubject,
  Selector,
  Target,
} from "../resolved-case.ts";
import { formatDuration } from "../vocabulary/duration.ts";
import { formatInstanceRef, formatTaskRef } from "../vocabulary/references.ts";

const GROUPS = { masters: "master", workers: "worker", alertServers: "alert server", nodes: "node" } as const;

/** A selector or service in words: "the owner of etl". */
export function wordsOfTarget(target: Target): string {
  switch (target.kind) {
    case "service":
      return `the ${target.service}`;
    case "name":
      return target.name;
    case "it":
      return "the node where that happened";
    case "ownerOf":
      return `the owner of ${formatInstanceRef(target.instance)}`;
    case "runnerOf":
      return `the node that runs ${formatTaskRef(target.task)}`;
    case "coordinatorOf":
      return `the master that fails over ${wordsOfTarget(target.of)}`;
    case "holderOf":
      return `the holder of the lock ${target.lock}`;
    case "activeOf":
      return target.role === "coordinator" ? "the coordinator" : "the active alert server";
    case "hitBy":
      return `what the step ${target.step} hit`;
    case "any":
      return `one ${GROUPS[target.group]}, drawn by the seed${wordsOfExcept(target.except)}`;
    case "all":
      return `all ${GROUPS[target.group]}s at once${wordsOfExcept(target.except)}`;
    case "each":
      return `each ${GROUPS[target.group]} in turn${wordsOfExcept(target.except)}`;
    case "list":
    case "targets":
      return target.of.map((one: Target) => wordsOfTarget(one)).join(" and ");
  }
}

function wordsOfExcept(except: Selector | undefined): string {
  return except === undefined ? "" : ` (except ${wordsOfTarget(except)})`;
}

/** A moment in words, to be followed by a comma: "when etl.extract is RUNNING_EXECUTION, 2s later". */
export function wordsOfMoment(moment: Moment): string {
  const delay = moment.delay;
  const late =
    delay === undefined
      ? ""
      : delay[0].unit === delay[1].unit && delay[0].value === delay[1].value
        ? formatDuration(delay[0])
        : `${formatDuration(delay[0])} to ${formatDuration(delay[1])} (drawn by the seed)`;
  if (moment.what.kind === "delay") return `${late} later`;
  return `${wordsOfSubject(moment.what)}${late === "" ? "" : `, ${late} later`}`;
}

function wordsOfSubject(subject: Exclude<MomentSubject, { kind: "delay" }>): string {
  switch (subject.kind) {
    case "task":
      return `when ${countOf(subject.count, "attempts")}${formatTaskRef(subject.task)} is ${orOf(subject.states)}`;
    case "instance": {
      const instance = formatInstanceRef(subject.instance);
      return `when ${countOf(subject.count, "instances")}${instance} is ${orOf(subject.states)}`;
    }
    case "event":
      return `at ${nthOf(subject.nth)}${wordsOfPattern(subject.pattern)}`;
    case "failpoint": {
      const by = subject.by === undefined ? "a process" : wordsOfTarget(subject.by);
      const about = subject.instance === undefined ? "" : ` for ${formatInstanceRef(subject.instance)}`;
      return `when ${by} is at ${subject.at}${about} (held there)${subject.nth === 1 ? "" : `, time ${subject.nth}`}`;
    }
    case "node":
      return `when ${wordsOfTarget(subject.node)} is ${subject.is}`;
    case "registry":
      return `when ${subject.path} is ${subject.is} in the registry`;
    case "step":
      return `when the step ${subject.step} has ${subject.is === "landed" ? "landed" : "been undone"}`;
  }
}

function countOf(count: number | undefined, what: string): string {
  return count === undefined ? "" : `${count} ${what} of `;
}

function nthOf(nth: number): string {
  return nth === 1 ? "" : `match ${nth} of `;
}

function orOf(words: readonly string[]): string {
  return words.join(" or ");
}

/** "once", "3 times". */
export function wordsOfTimes(times: number): string {
  return times === 1 ? "once" : `${times} times`;
}

/** An event pattern in words: "the event failover.marked of master-1". */
export function wordsOfPattern(pattern: EventPattern): string {
  const parts = [
    pattern.by === undefined ? "" : ` by ${wordsOfTarget(pattern.by)}`,
    pattern.of === undefined ? "" : ` of ${wordsOfTarget(pattern.of)}`,
    pattern.path === undefined ? "" : ` at ${pattern.path}`,
    pattern.instance === undefined ? "" : ` of ${formatInstanceRef(pattern.instance)}`,
    pattern.task === undefined ? "" : ` of ${formatTaskRef(pattern.task)}`,
    pattern.states === undefined ? "" : ` to ${orOf(pattern.states)}`,
  ];
  return `the event ${pattern.event}${parts.join("")}`;
}

/** A command in words: "starts etl". */
export function wordsOfCommand(command: CommandRequest): string {
  switch (command.kind) {
    case "start":
      return `starts ${command.workflow}`;
    case "repeat":
      return `runs ${formatInstanceRef(command.instance)} again`;
    case "recoverFailed":
      return `runs the failed tasks of ${formatInstanceRef(command.instance)} again`;
    case "recoverSuspended":
      return `goes on with ${formatInstanceRef(command.instance)}`;
    case "failover":
      return `takes ${formatInstanceRef(command.instance)} over (it was ${command.was})`;
  }
}
