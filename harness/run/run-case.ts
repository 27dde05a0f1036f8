import { setMaxListeners } from "node:events";
import { mkdir, rm } from "node:fs/promises";
import path from "node:path";
import {
  type Clock,
  createSeededRandom,
  errorMessage,
  ReleaseStack,
  waitUntil,
} from "../../src/base/index.ts";
import { type Cluster, createCluster } from "../cluster/index.ts";
import {
  applyExpectedFailure,
  type Finding,
  type Judgement,
  judge,
  restTime,
  settleExpectations,
  settleTimes,
} from "../expect/index.ts";
import { type PreparedSteps, prepareSteps, type StepsResult } from "../fault/index.ts";
import { applyGiven } from "../given/index.ts";
import {
  createHistory,
  createObserver,
  type Evidence,
  ObservationError,
  type Observer,
  type Snapshot,
  type Trouble,
} from "../observe/index.ts";
import { openAlertReceiver } from "../receiver/index.ts";
import type { BesideStage } from "./beside.ts";
import type { CaseOutcome } from "./case-outcome.ts";
import type { CaseParts } from "./case-parts.ts";
import { createEvidenceCollector, type EvidenceCollector } from "./collect-evidence.ts";
import { type KeptEvidence, keepEvidence } from "./keep-evidence.ts";
import type { CaseRun } from "./run-cases.ts";
import { ownServices, skipReason } from "./skip-reason.ts";
import { InterruptedError, troubleOf } from "./trouble-of.ts";
import { verifyWith } from "./verify-with.ts";

/**
 * One case, from its first row to its verdict. This is the page to read first: each numbered step is a folder of the
 * harness, and whatever a step sets up is taken down again in reverse, whatever happens.
 *
 * Never throws for what happens to the case or its environment: that is a verdict. What it throws is a bug.
 */
export async function runCase(parts: CaseParts, run: CaseRun): Promise<CaseOutcome> {
  const startedMs = parts.clock.monotonicMs();
  const reason = skipReason(run.case, parts.environment);
  const ended = reason === undefined ? await carryThrough(parts, run) : { judgement: skipped(reason) };
  const { seed, repetition } = run;
  const durationMs = parts.clock.monotonicMs() - startedMs;
  const outcome = { case: run.case, seed, repetition, durationMs, ...ended };
  return { ...outcome, judgement: applyExpectedFailure(ended.judgement, run.case.xfail) };
}

interface Ended extends KeptEvidence {
  readonly judgement: Judgement;
  readonly evidence?: Evidence;
}

let lastCaseNumber = 0;
const LAST_LOOK_MS = 30_000;

/** Carries the case out, and tears down whatever it set up, in reverse. */
async function carryThrough(parts: CaseParts, ofRun: CaseRun): Promise<Ended> {
  const interruption = followInterruption(ofRun.signal);
  const run = { ...ofRun, signal: interruption.signal };
  lastCaseNumber += 1;
  const place: CasePlace = {
    caseId: `c${lastCaseNumber}`,
    directory: path.join(parts.scratch, `c${lastCaseNumber}`),
    releases: new ReleaseStack(),
    collector: createEvidenceCollector(parts, run),
    found: [],
  };
  const { releases, collector, directory } = place;
  const startedMs = parts.clock.monotonicMs();
  let trouble: Trouble | undefined;
  try {
    await Promise.race([carryOut(parts, run, place), interruption.interrupted]);
  } catch (error) {
    trouble = troubleOf(error);
    if (trouble === undefined) {
      await releases.release().catch(() => undefined);
      throw error;
    }
  } finally {
    interruption.forget();
  }
  try {
    await releases.release();
  } catch (error) {
    trouble ??= { verdict: "ERROR", code: "release-failed", message: errorMessage(error), pointer: "" };
  }
  const evidence = collector.evidence(trouble);
  const judgement = withFindings(judge(evidence), place.found);
  const durationMs = parts.clock.monotonicMs() - startedMs;
  const kept = await keepEvidence(parts, { evidence, judgement, durationMs, directory });
  await rm(directory, { recursive: true, force: true });
  return { judgement, evidence, ...kept };
}

interface CasePlace {
  readonly caseId: string;
  /** Folder of the case: what its tasks and nodes write. */
  readonly directory: string;
  readonly releases: ReleaseStack;
  readonly collector: EvidenceCollector;
  /** What was found wrong beside the steps. */
  readonly found: Finding[];
}

/** What a case is played on, when everything is up. */
interface OpenCase extends Omit<BesideStage, "stepsOver" | "signal"> {
  readonly observer: Observer;
  readonly cluster: Cluster;
  readonly steps: PreparedSteps;
}

/** Carries the case out, step by step. What is seen on the way is in the collector, also when a step throws. */
async function carryOut(parts: CaseParts, run: CaseRun, place: CasePlace): Promise<void> {
  const { clock } = parts;
  const { collector } = place;
  // 1. to 3. Services, nodes that do not run yet, the given state.
  const open = await openCase(parts, run, place);
  const { observer, cluster, steps } = open;

  // 4. Start the nodes.
  const up = cluster.start((process) => steps.isHit(process));

  // 5. When they are up, break it as the case says; everything is undone when this resolves.
  const carriedOut = await withBeside(steps.run(up), { up, run, place, open });
  collector.useSteps(carriedOut.steps, carriedOut.trouble);
  if (carriedOut.trouble !== undefined) {
    collector.useSnapshot(await observer.snapshot());
    return;
  }

  // What went on beside the steps has waited for the end itself: to judge a long story again and again would keep this
  // process, and with it the links of all nodes, from doing anything else.
  if (run.beside !== undefined) {
    collector.useSnapshot(await lookOnce(observer, clock, run.signal));
    return;
  }

  // 6. Wait until the end is as expected and stays so. The verdict itself is made from the evidence, later.
  const settled = await settleExpectations({
    snapshot: () => observer.snapshot(),
    judgeNow: (snapshot) => judge(collector.evidenceWith(snapshot)),
    ...settleTimes(run.case.expect, collector.sessionTimeoutMs),
    restForMs: restTime(run.case.cluster, collector.sessionTimeoutMs),
    clock,
    signal: run.signal,
  });
  collector.useSnapshot(settled.snapshot);
}

/** A look at a world that is large by now: it may take more than one try. */
async function lookOnce(observer: Observer, clock: Clock, signal: AbortSignal): Promise<Snapshot> {
  let unseen: ObservationError | undefined;
  const look = async (): Promise<Snapshot | undefined> => {
    try {
      return await observer.snapshot();
    } catch (error) {
      if (!(error instanceof ObservationError)) throw error;
      unseen = error;
      return undefined;
    }
  };
  try {
    return await waitUntil({ clock, until: look, withinMs: LAST_LOOK_MS, describe: "a last look", signal });
  } catch (error) {
    throw unseen ?? error;
  }
}

/** The steps, and beside them what the run does else; resolves when both are over. */
async function withBeside(
  steps: Promise<StepsResult>,
  {
    up,
    run,
    place,
    open,
  }: {
    readonly up: Promise<void>;
    readonly run: CaseRun;
    readonly place: CasePlace;
    readonly open: OpenCase;
  },
): Promise<StepsResult> {
  if (run.beside === undefined) return steps;
  const over = new AbortController();
  const { signal, beside } = run;
  const found = up.then(() => beside({ ...open, stepsOver: over.signal, signal }));
  const [result, findings] = await Promise.all([steps.finally(() => over.abort()), found]);
  place.found.push(...findings);
  return result;
}

async function openCase(parts: CaseParts, run: CaseRun, place: CasePlace): Promise<OpenCase> {
  const { clock, environment, nodeProgram, runId } = parts;
  const { caseId, directory, releases, collector } = place;
  const random = createSeededRandom(run.seed);
  const sessionTimeoutMs = collector.sessionTimeoutMs;

  // 1. Open the services: a database and a registry root of its own, or whole services if it breaks them.
  const services = await environment.openCase({ caseId, own: ownServices(run.case) });
  releases.push("services", () => services.release());
  const { databaseUrl, registry } = services;
  const workDirectory = path.join(directory, "work");
  await mkdir(workDirectory, { recursive: true });

  // 2. Prepare the nodes, with a link on every edge.
  const history = createHistory(clock);
  collector.watch(history, workDirectory);
  const cluster = await createCluster({
    cluster: run.case.cluster,
    services,
    program: nodeProgram,
    directory: path.join(directory, "nodes"),
    runId,
    clock,
    history,
  });
  releases.push("nodes", () => cluster.shutdown());
  collector.useCluster(cluster);

  // 3. Open what alerts arrive at, put the given state into database and registry, and begin to look.
  const hasGroups = Object.keys(run.case.database.alertGroups).length > 0;
  const receiver = hasGroups ? await openAlertReceiver(() => history.nowMs()) : undefined;
  releases.push("alert receiver", () => receiver?.close());
  const addresses = addressesOf(cluster);
  const places = { databaseUrl, registry, addresses, workDirectory, receiver };
  const given = { ...places, sessionTimeoutMs, clock, random };
  await applyGiven({ case: run.case, ...given });
  const looksAt = { databaseUrl, registry, workDirectory, clock, history };
  const deliveries = receiver && ((): ReturnType<typeof receiver.deliveries> => receiver.deliveries());
  const tells = { processes: () => cluster.processes(), logs: () => cluster.logs(), deliveries };
  const observer = await createObserver({ ...looksAt, ...tells });
  releases.push("observer", () => observer.close());
  collector.useSeeded((await observer.snapshot()).tables);

  // Steps are armed before any node starts: what the first one waits for may happen at once.
  const stage = { case: run.case, cluster, observer, history, services, random, clock };
  const verify = verifyWith({ observer, collector, clock });
  const sessionMs = (): number => collector.sessionTimeoutMs;
  const steps = prepareSteps({ ...stage, sessionMs, verify, signal: run.signal });
  collector.followSteps(() => steps.records());
  return { observer, cluster, steps, history, databaseUrl, clock };
}

function addressesOf(cluster: Cluster): Readonly<Record<string, string>> {
  return Object.fromEntries(cluster.roster.entries.map(({ name, address }) => [name, address]));
}

interface Interruption {
  /** Of this case alone: a run's own signal would gather the listeners of all its cases. */
  readonly signal: AbortSignal;
  /** Rejects when the run is interrupted, whatever the case waits for. */
  readonly interrupted: Promise<never>;
  /** The case is over: listens no more. */
  forget(): void;
}

function followInterruption(ofRun: AbortSignal): Interruption {
  const controller = new AbortController();
  // Everything that waits in this case listens to it; that is no leak.
  setMaxListeners(0, controller.signal);
  let forget = (): void => undefined;
  const interrupted = new Promise<never>((_, reject) => {
    const interrupt = (): void => {
      controller.abort();
      reject(new InterruptedError());
    };
    if (ofRun.aborted) interrupt();
    else ofRun.addEventListener("abort", interrupt);
    forget = () => ofRun.removeEventListener("abort", interrupt);
  });
  interrupted.catch(() => undefined);
  return { signal: controller.signal, interrupted, forget: () => forget() };
}

/** A case that could be carried through fails for what was found beside it, too. */
function withFindings(judgement: Judgement, found: readonly Finding[]): Judgement {
  const { verdict, findings } = judgement;
  if (found.length === 0 || (verdict !== "PASS" && verdict !== "FAIL")) return judgement;
  return { ...judgement, verdict: "FAIL", findings: [...found, ...findings] };
}

function skipped(reason: string): Judgement {
  return { verdict: "SKIP", findings: [{ kind: "assumption", code: "skip", pointer: "", message: reason }] };
}
