/**
 * Named places in the scheduler where a test may hold, delay, fail or kill the process. Each comes in three flavours:
 * `.before` the step, `.inside` (written, not committed) and `.after` (committed).
 */
export const FAILPOINT_STEPS = [
  "command.claim",
  "failover.select",
  "failover.batch",
  "failover.marker",
  "task.dispatch",
  "task.report",
  "workflow.finish",
  "alert.send",
] as const;

export const FAILPOINT_FLAVOURS = ["before", "inside", "after"] as const;

export type FailpointName = `${(typeof FAILPOINT_STEPS)[number]}.${(typeof FAILPOINT_FLAVOURS)[number]}`;

/** All names, for the schema and for messages. */
export const FAILPOINT_NAMES: readonly FailpointName[] = FAILPOINT_STEPS.flatMap((step) =>
  FAILPOINT_FLAVOURS.map((flavour): FailpointName => `${step}.${flavour}`),
);

/** What the step is about, so that a test can wait for the one it means. */
export interface FailpointSubject {
  readonly workflowInstanceId?: number;
  readonly taskInstanceId?: number;
  readonly incarnation?: string;
}

/** The port. Outside of tests `reach` does nothing. */
export interface Failpoints {
  /** Marks that the step was reached. May wait, throw FailpointError or never return, as the process was told. */
  reach(name: FailpointName, subject?: FailpointSubject): Promise<void>;
}

/** Thrown by a failpoint that was told to fail. */
export class FailpointError extends Error {
  override readonly name = "FailpointError";
}

/** Failpoints that never do anything: what a real node runs with. */
export const NO_FAILPOINTS: Failpoints = { reach: () => Promise.resolve() };
