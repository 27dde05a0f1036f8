import { assertNever, WaitTimeoutError } from "../../src/base/index.ts";
import {
  formatInstanceRef,
  formatTaskRef,
  type Moment,
  type MomentSubject,
  type Step,
} from "../case/index.ts";
import type { HistoryEvent, RegistryRecord } from "../observe/index.ts";
import { targetText } from "./describe.ts";
import { knowPattern, patternText } from "./event-pattern.ts";
import type { FailpointWatch } from "./failpoint-watch.ts";
import { type Look, lookUntil } from "./look-until.ts";
import { matchesPath } from "./registry-path.ts";
import { registeredAs, select } from "./selectors.ts";
import { type Hit, type Stage, stageMs, withAddresses } from "./stage.ts";
import { momentMissed } from "./step-trouble.ts";

/** A moment that came. */
export interface Reached {
  /** Where it happened, for the selector `it`. */
  readonly it: Hit | undefined;
  /** Until when roles may be looked up, in the time of the case. */
  readonly deadlineMs: number;
  /**
   * For states: whether the row had already left them at that time, as the history says; then what it left for. A
   * moment
   * with a delay does not ask.
   */
  readonly leftBy: (atMs: number) => string | undefined;
}

/** What a moment is waited for with. */
export interface MomentWait {
  readonly step: Step;
  readonly moment: Moment;
  /** Events count from here: when the step before landed. */
  readonly sinceMs: number;
  /** Armed before, when the moment is a failpoint. */
  readonly watch: FailpointWatch | undefined;
}

type Came = Pick<Reached, "it" | "leftBy">;
const STAYS = (): undefined => undefined;
const cameAt = (it: Hit | undefined): Came => ({ it, leftBy: STAYS });

/** Waits for the moment and then for its delay. Throws StepTrouble: "moment-missed". */
export async function awaitMoment(stage: Stage, wait: MomentWait): Promise<Reached> {
  const { moment, sinceMs } = wait;
  const deadlineMs = stage.history.nowMs() + stageMs(stage, moment.within);
  const drawnMs = drawDelay(stage, moment);
  if (moment.what.kind === "delay") {
    const leftMs = sinceMs + (drawnMs ?? 0) - stage.history.nowMs();
    await stage.clock.sleep(leftMs, stage.signal);
    return { ...cameAt(undefined), deadlineMs: Math.max(deadlineMs, stage.history.nowMs()) };
  }
  try {
    const came = await awaitSubject(stage, wait, deadlineMs);
    if (drawnMs === undefined) return { ...came, deadlineMs };
    await stage.clock.sleep(drawnMs, stage.signal);
    return { it: came.it, leftBy: STAYS, deadlineMs: deadlineMs + drawnMs };
  } catch (error) {
    if (!(error instanceof WaitTimeoutError)) throw error;
    throw momentMissed(`step ${wait.step.id}: the moment did not come: ${error.message}`, moment.pointer);
  }
}

function drawDelay(stage: Stage, moment: Moment): number | undefined {
  if (moment.delay === undefined) return undefined;
  const [from, to] = moment.delay;
  const fromMs = stageMs(stage, from);
  const spanMs = stageMs(stage, to) - fromMs;
  return spanMs > 0 ? fromMs + stage.random.next() * spanMs : fromMs;
}

async function awaitSubject(stage: Stage, wait: MomentWait, deadlineMs: number): Promise<Came> {
  const { what } = wait.moment;
  const until = (describe: string, look: () => Promise<Look<Came>>): Promise<Came> =>
    lookUntil(stage, { look, deadlineMs, describe });
  switch (what.kind) {
    case "delay":
      return cameAt(undefined);
    case "task":
      return until(`task ${formatTaskRef(what.task)} in ${what.states.join(" or ")}`, () =>
        lookAtTask(stage, what),
      );
    case "instance":
      return until(`instance ${formatInstanceRef(what.instance)} in ${what.states.join(" or ")}`, () =>
        lookAtInstance(stage, what),
      );
    case "event":
      return until(patternText(what.pattern), () => lookForEvent(stage, what, wait.sinceMs));
    case "failpoint":
      if (wait.watch === undefined) throw new Error(`failpoint ${what.at} was not armed`);
      return cameAt(await wait.watch.held(deadlineMs));
    case "node":
      return until(`${targetText(what.node)} to be ${what.is}`, () => lookAtNode(stage, what));
    case "registry":
      return until(`${what.path} to be ${what.is}`, () => lookAtPath(stage, what));
    case "step":
      return until(`step ${what.step} to be ${what.is}`, async () => lookAtStep(stage, what));
    default:
      return assertNever(what, "moment");
  }
}

type Subject<K extends MomentSubject["kind"]> = Extract<MomentSubject, { kind: K }>;

async function lookAtTask(stage: Stage, what: Subject<"task">): Promise<Look<Came>> {
  const seenAtMs = stage.history.nowMs();
  const attempts = await stage.observer.taskStates(what.task);
  const newest = [...new Map(attempts.map((attempt) => [attempt.workflowInstanceId, attempt])).values()];
  const words: readonly string[] = what.states;
  const there = newest.filter(({ state }) => words.includes(state));
  const [one] = there;
  if (one === undefined || there.length < (what.count ?? 1)) {
    return { instead: newest.map(({ state }) => state).join(", ") || "no attempt" };
  }
  const process = one.workerIncarnation === null ? undefined : stage.cluster.processOf(one.workerIncarnation);
  const isIt = (event: HistoryEvent): boolean =>
    event.source === "node" && event.type === "task.state" && event.taskInstanceId === one.id;
  return { found: { it: hitOf(stage, process), leftBy: leftSince(stage, { isIt, words, seenAtMs }) } };
}

async function lookAtInstance(stage: Stage, what: Subject<"instance">): Promise<Look<Came>> {
  const seenAtMs = stage.history.nowMs();
  const instances = await stage.observer.instanceStates(what.instance);
  const words: readonly string[] = what.states;
  const there = instances.filter(({ state }) => words.includes(state));
  const [one] = there;
  if (one === undefined || there.length < (what.count ?? 1)) {
    return { instead: instances.map(({ state }) => state).join(", ") || "no instance" };
  }
  const process = one.ownerIncarnation === null ? undefined : stage.cluster.processOf(one.ownerIncarnation);
  const isIt = (event: HistoryEvent): boolean =>
    event.source === "node" && event.type === "workflow.state" && event.workflowInstanceId === one.id;
  return { found: { it: hitOf(stage, process), leftBy: leftSince(stage, { isIt, words, seenAtMs }) } };
}

function hitOf(stage: Stage, process: Hit["process"]): Hit | undefined {
  return process && { node: stage.cluster.node(process.name), process };
}

/**
 * The state that a row went into from one of these; undefined: it did not, as far as the events tell. They come a
 * little after what they tell of: one that leads up to the states that were seen already takes nothing back.
 */
export function stateAfter(events: readonly HistoryEvent[], words: readonly string[]): string | undefined {
  let isThere = false;
  for (const event of events) {
    if (!("state" in event) || !("from" in event)) continue;
    if (words.includes(event.state)) isThere = true;
    else if (isThere || (event.from !== null && words.includes(event.from))) return event.state;
  }
  return undefined;
}

/**
 * By the history and not by another query: the fault itself, once landed, may change the row within milliseconds. An
 * event is written after its row was, so one that is older than the look cannot take back what the look saw.
 */
function leftSince(
  stage: Stage,
  row: {
    readonly isIt: (event: HistoryEvent) => boolean;
    readonly words: readonly string[];
    readonly seenAtMs: number;
  },
): (atMs: number) => string | undefined {
  return (atMs) =>
    stateAfter(
      stage.history
        .events()
        .filter((event) => row.isIt(event) && event.atMs >= row.seenAtMs && event.atMs <= atMs),
      row.words,
    );
}

async function lookForEvent(stage: Stage, what: Subject<"event">, sinceMs: number): Promise<Look<Came>> {
  const pattern = await knowPattern(stage, what.pattern);
  const matching = stage.history.events().filter((event) => event.atMs >= sinceMs && pattern.matches(event));
  const event = matching[what.nth - 1];
  if (event === undefined) return { instead: `${matching.length} of ${what.nth} times` };
  return {
    found: cameAt(
      event.source === "node" ? hitOf(stage, stage.cluster.processOf(event.incarnation)) : undefined,
    ),
  };
}

/** Whoever the selector means now; all of them have to be so. */
async function lookAtNode(stage: Stage, what: Subject<"node">): Promise<Look<Came>> {
  const selection = await select(stage, what.node, { it: undefined, wanted: "any" });
  if (!("found" in selection)) return selection;
  const isRegistry = what.is === "registered" || what.is === "unregistered";
  const records = isRegistry ? await stage.observer.registryPaths("/nodes") : [];
  const missing = selection.found.filter((hit) => !isNode(what, hit, records));
  const [first] = selection.found;
  if (missing.length === 0 && first !== undefined) return { found: cameAt(first) };
  return {
    instead: missing
      .map(({ node, process }) => `${node.name} ${process?.phase ?? "never started"}`)
      .join(", "),
  };
}

function isNode(what: Subject<"node">, hit: Hit, records: readonly RegistryRecord[]): boolean {
  const { node, process } = hit;
  // A name means the node in all its lives; a role or a hit means that one process.
  const isOneLife = what.node.kind === "hitBy" || what.node.kind === "it";
  const registered = registeredAs(records, node);
  switch (what.is) {
    case "up":
      return node.current?.phase === "ready";
    case "gone":
      return isOneLife && process !== undefined ? process.phase === "ended" : node.running.length === 0;
    case "registered":
      return registered.some(({ incarnation }) => process?.wasIncarnation(incarnation) ?? true);
    case "unregistered":
      if (!isOneLife || process === undefined) return registered.length === 0;
      return !registered.some(({ incarnation }) => process.wasIncarnation(incarnation));
  }
}

async function lookAtPath(stage: Stage, what: Subject<"registry">): Promise<Look<Came>> {
  const asked = withAddresses(stage, what.path);
  const records = await stage.observer.registryPaths("/");
  const isPresent = records.some(({ path }) => matchesPath(asked, path));
  if (isPresent === (what.is === "present")) return { found: cameAt(undefined) };
  return { instead: isPresent ? "it is there" : "it is not there" };
}

function lookAtStep(stage: Stage, what: Subject<"step">): Look<Came> {
  const progress = stage.progress.get(what.step);
  const atMs = what.is === "landed" ? progress?.landedAtMs : progress?.undoneAtMs;
  if (atMs !== undefined) return { found: cameAt(progress?.hits[0]) };
  return { instead: progress?.landedAtMs === undefined ? "it has not landed" : "it is not undone" };
}
