import path from "node:path";
import { createSeededRandom } from "../../src/base/index.ts";
import { HarnessError } from "../base/index.ts";
import { type CaseNode, loadCases, type ResolvedCase } from "../case/index.ts";
import { projectRoot } from "../keeper/index.ts";
import { planDisturbances } from "./plan-disturbances.ts";

export interface SoakOptions {
  readonly minutes: number;
  readonly masters: number;
  readonly workers: number;
  readonly seed: number;
}

const WORKLOAD = path.join("harness", "soak", "workload.yaml");
const MINUTE_MS = 60_000;

/**
 * As many as were asked for, alike. Every other master waits for a new session instead of ending when it loses its own,
 * so that both strategies are soaked.
 */
function nodesLike(example: CaseNode | undefined, count: number): readonly CaseNode[] {
  if (example === undefined) return [];
  return Array.from({ length: count }, (_, index) => ({
    ...example,
    name: `${example.kind}-${index + 1}`,
    settings: { ...example.settings, disconnectStrategy: index % 2 === 0 ? "STOP" : "WAITING" },
  }));
}

/** The soak as a case: the shapes of the workload, the nodes, and the disturbances that the seed draws. */
export function soakCase({ minutes, masters, workers, seed }: SoakOptions): ResolvedCase {
  const { cases, problems } = loadCases([WORKLOAD], { workingDirectory: projectRoot() });
  const [workload] = cases;
  if (workload === undefined) throw new HarnessError(problems);
  const ofKind = (kind: string): CaseNode | undefined =>
    workload.cluster.nodes.find((node) => node.kind === kind);
  const nodes = [...nodesLike(ofKind("master"), masters), ...nodesLike(ofKind("worker"), workers)];
  const steps = planDisturbances({ random: createSeededRandom(seed), durationMs: minutes * MINUTE_MS });
  return { ...workload, name: `soak-${seed}`, cluster: { ...workload.cluster, nodes }, steps };
}
