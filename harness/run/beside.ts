import type { Clock } from "../../src/base/index.ts";
import type { Cluster } from "../cluster/index.ts";
import type { Finding } from "../expect/index.ts";
import type { History, Observer } from "../observe/index.ts";

/** What is done beside the steps of a case works with. */
export interface BesideStage {
  readonly cluster: Cluster;
  readonly observer: Observer;
  readonly history: History;
  readonly databaseUrl: string;
  readonly clock: Clock;
  /** Aborts when all steps are carried out and undone, however that ended. */
  readonly stepsOver: AbortSignal;
  /** Aborts when the case is interrupted. */
  readonly signal: AbortSignal;
}

/**
 * Something that goes on while the steps of a case are carried out; the case waits for it before its end is
 * judged. What
 * it finds wrong is added to the judgement.
 */
export type Beside = (stage: BesideStage) => Promise<readonly Finding[]>;
