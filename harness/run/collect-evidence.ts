import type { Cluster } from "../cluster/index.ts";
import type {
  Evidence,
  History,
  NodeRecord,
  Snapshot,
  StepRecord,
  Tables,
  Trouble,
} from "../observe/index.ts";
import type { CaseParts } from "./case-parts.ts";
import type { CaseRun } from "./run-cases.ts";

/** Gathers what is seen of a case while it runs, so that whatever ends it, what was seen is there. */
export interface EvidenceCollector {
  /** T: the longest of the nodes' session time-outs, as asked for until a node says what it was granted. */
  readonly sessionTimeoutMs: number;
  watch(history: History, workDirectory: string): void;
  useCluster(cluster: Cluster): void;
  /** Rows before any node started. */
  useSeeded(tables: Tables): void;
  /** The steps so far, for what is judged before they are over. */
  followSteps(records: () => readonly StepRecord[]): void;
  useSteps(steps: readonly StepRecord[], trouble: Trouble | undefined): void;
  /** The end of the case; processes are recorded as they are at this moment. */
  useSnapshot(snapshot: Snapshot): void;
  /** The evidence as it would be if this were the end. */
  evidenceWith(snapshot: Snapshot): Evidence;
  /** The evidence. `trouble` of the tear-down counts only when nothing was wrong before. */
  evidence(trouble: Trouble | undefined): Evidence;
}

const EMPTY: Snapshot = { atMs: 0, tables: {}, registry: [], starts: [], processes: [], logs: {} };

export function createEvidenceCollector(parts: CaseParts, run: CaseRun): EvidenceCollector {
  const timeouts = run.case.cluster.nodes.map(({ settings }) => settings.sessionTimeoutMs);
  const askedMs = Math.max(0, ...timeouts);
  const sessionTimeoutMs = (): number =>
    Math.max(
      askedMs,
      ...(history?.events() ?? []).flatMap((event) =>
        event.source === "node" && event.type === "node.ready" ? [event.sessionTimeoutMs] : [],
      ),
    );
  let history: History | undefined;
  let workDirectory = "";
  let cluster: Cluster | undefined;
  let seeded: Tables | undefined;
  let stepsSoFar: () => readonly StepRecord[] = () => [];
  let stepTrouble: Trouble | undefined;
  let end: { readonly snapshot: Snapshot; readonly nodes: readonly NodeRecord[] } | undefined;

  const compose = (
    snapshot: Snapshot,
    nodes: readonly NodeRecord[],
    trouble: Trouble | undefined,
  ): Evidence => ({
    case: run.case,
    tier: parts.environment.tier,
    registryKind: parts.environment.registryKind,
    sessionTimeoutMs: sessionTimeoutMs(),
    seed: run.seed,
    workDirectory,
    ...(history === undefined ? {} : { startWallMs: history.startWallMs }),
    nodes,
    steps: stepsSoFar(),
    // What came after the end, when the nodes were being stopped, says nothing about the case.
    history: (history?.events() ?? []).filter(({ atMs }) => end === undefined || atMs <= end.snapshot.atMs),
    snapshot,
    ...(seeded === undefined ? {} : { seeded }),
    trouble,
  });
  return {
    get sessionTimeoutMs() {
      return sessionTimeoutMs();
    },
    watch(watched, directory) {
      history = watched;
      workDirectory = directory;
      if (parts.onEvent !== undefined) {
        const { onEvent } = parts;
        watched.subscribe((event) => onEvent(run.case.name, event));
      }
    },
    useCluster(used) {
      cluster = used;
    },
    useSeeded(tables) {
      seeded = tables;
    },
    followSteps(records) {
      stepsSoFar = records;
    },
    useSteps(records, trouble) {
      stepsSoFar = () => records;
      stepTrouble = trouble;
    },
    useSnapshot(snapshot) {
      end = { snapshot, nodes: cluster?.records() ?? [] };
    },
    evidenceWith: (snapshot) => compose(snapshot, cluster?.records() ?? [], undefined),
    evidence: (trouble) =>
      compose(end?.snapshot ?? EMPTY, end?.nodes ?? cluster?.records() ?? [], stepTrouble ?? trouble),
  };
}
