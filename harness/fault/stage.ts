import type { Clock, Random } from "../../src/base/index.ts";
import { type Duration, durationToMs, type RawSection, type ResolvedCase, type Step } from "../case/index.ts";
import type { Cluster, ClusterNode, NodeProcess } from "../cluster/index.ts";
import type { CaseServices } from "../environment/environment.ts";
import type { History, Observer } from "../observe/index.ts";
import type { Arming, Armings } from "./armings.ts";

/** What of the observer moments and selectors look through. */
export type Eyes = Pick<Observer, "instanceStates" | "taskStates" | "ownerOf" | "runnerOf" | "registryPaths">;

/**
 * Judges sections of `expect` in mid-case: resolves with undefined when they were met within the time, else with what
 * was wrong.
 */
export type Verify = (request: {
  readonly expect: RawSection;
  readonly withinMs: number;
  readonly pointer: string;
}) => Promise<string | undefined>;

/** Everything that steps play on. */
export interface Stage {
  readonly case: Pick<ResolvedCase, "steps">;
  readonly cluster: Cluster;
  readonly observer: Eyes;
  readonly history: History;
  readonly services: Pick<CaseServices, "databaseUrl" | "ownDatabase" | "ownRegistry">;
  readonly random: Random;
  readonly clock: Clock;
  /** T as the registry granted it. */
  readonly sessionMs: () => number;
  readonly verify: Verify;
  readonly armings: Armings;
  /** Of a first step that is a failpoint: armed before any node starts, since it may be reached at once. */
  readonly armedEarly?: ReachedFailpoint | undefined;
  /** Ends waiting early: the run was interrupted. */
  readonly signal: AbortSignal;
  /** How far each step is, by id. */
  readonly progress: ReadonlyMap<string, StepProgress>;
}

/** A node that something is done to, and the process that it is then. */
export interface Hit {
  readonly node: ClusterNode;
  readonly process: NodeProcess | undefined;
}

/** A failpoint that is armed for a step, and who reached it first. */
export interface ReachedFailpoint {
  readonly arming: Arming;
  first(): Hit | undefined;
}

/** How far a step is; times are those of the case, in milliseconds. */
export interface StepProgress {
  readonly step: Step;
  firedAtMs: number | undefined;
  /**
   * When it took effect, which is from when on events are effects of it: a killed or frozen process does nothing after
   * the signal, while the proof of that takes some milliseconds, in which the others may have noticed already.
   */
  landedAtMs: number | undefined;
  /** From when on events may be effects of it: no later than the landing. */
  effectsFromMs: number | undefined;
  undoneAtMs: number | undefined;
  readonly hits: Hit[];
  readonly hit: { readonly node: string; readonly incarnation: string }[];
  readonly proofs: string[];
}

/** A duration of the case in milliseconds. */
export function stageMs(stage: Pick<Stage, "sessionMs">, duration: Duration): number {
  return durationToMs(duration, stage.sessionMs());
}

const NODE_IN_TEXT = /<([A-Za-z][\w-]*)>/g;

/** Puts addresses in the place of `<master-1>`; other text in angle brackets stays. */
export function withAddresses(stage: Pick<Stage, "cluster">, text: string): string {
  const { entries } = stage.cluster.roster;
  return text.replaceAll(NODE_IN_TEXT, (written, name: string) => {
    return entries.find((entry) => entry.name === name)?.address ?? written;
  });
}
