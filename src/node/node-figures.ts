import type { Clock } from "../base/index.ts";
import type { EventType, NodeEvent } from "../model/index.ts";

/** A time series: a number under a set of labels. */
export interface Sample {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** What is told of one metric. Names and units by Prometheus's conventions. */
export type Figure =
  | {
      readonly kind: "counter" | "gauge";
      readonly name: string;
      readonly help: string;
      readonly samples: readonly Sample[];
    }
  | {
      readonly kind: "histogram";
      readonly name: string;
      readonly help: string;
      readonly seconds: readonly {
        readonly labels: Readonly<Record<string, string>>;
        readonly value: number;
      }[];
    };

/** Counts what a process says of itself: a few additions per event; nothing is rendered before it is asked for. */
export interface NodeFigures {
  note(event: NodeEvent): void;
  /** Everything that was counted. */
  read(): readonly Figure[];
}

/** Durations that are kept for each histogram: a process that has seen more failovers than this measures no more. */
const KEPT_DURATIONS = 10_000;

/** Counters by name, each with its help; the label is what follows the event. */
const COUNTED = {
  failover_commands_claimed_total: "Commands that this master claimed, by type.",
  failover_commands_failed_total: "Commands that were set aside with a reason.",
  failover_dispatches_total: "Deliveries of attempts to workers (and logic tasks to itself).",
  failover_dispatch_refusals_total: "Deliveries that came back into the queue: refused, or nobody listened.",
  failover_takeovers_total: "Live attempts that were taken over without a new run.",
  failover_task_runs_started_total: "Task processes started by this node.",
  failover_task_runs_finished_total: "Task processes that ended on this node, by outcome.",
  failover_workflows_finished_total: "Workflows that this master brought to an end, by state.",
  failover_failovers_started_total: "Dead nodes that this master fenced, by kind.",
  failover_failovers_finished_total: "Failovers that this master finished, by kind.",
  failover_failover_workflows_total: "Workflows moved by the failovers that this master finished.",
  failover_fenced_writes_total: "Writes of a former owner that changed nothing.",
  failover_registry_sessions_lost_total: "Registry sessions that this node lost.",
  failover_operator_requests_total: "Requests of operators, by answer.",
  failover_alerts_stored_total: "Alerts that this node stored.",
  failover_log_entries_total: "Entries of the log, by level.",
} as const;
type CounterName = keyof typeof COUNTED;

const END_STATES: ReadonlySet<string> = new Set(["SUCCESS", "FAILURE", "STOP", "PAUSE"]);

type Labels = Readonly<Record<string, string>>;
/** What moves: a counter, its labels, and by how much (1). */
type Count = readonly [name: CounterName, labels: Labels, by?: number];
type Counting = {
  readonly [T in EventType]?: (event: Extract<NodeEvent, { type: T }>) => readonly Count[];
};

/** Which counters an event moves; the others move none. */
const COUNTING: Counting = {
  "command.claimed": ({ commandType }) => [["failover_commands_claimed_total", { type: commandType }]],
  "command.failed": () => [["failover_commands_failed_total", {}]],
  "task.dispatched": () => [["failover_dispatches_total", {}]],
  "task.takenOver": () => [["failover_takeovers_total", {}]],
  "task.state": ({ from, state }) =>
    from === "DISPATCH" && state === "SUBMITTED_SUCCESS" ? [["failover_dispatch_refusals_total", {}]] : [],
  "task.started": () => [["failover_task_runs_started_total", {}]],
  "task.finished": ({ outcome }) => [["failover_task_runs_finished_total", { outcome }]],
  "workflow.state": ({ state }) =>
    END_STATES.has(state) ? [["failover_workflows_finished_total", { state }]] : [],
  "failover.started": ({ kind }) => [["failover_failovers_started_total", { kind }]],
  "failover.finished": ({ kind, workflows }) => [
    ["failover_failovers_finished_total", { kind }],
    ["failover_failover_workflows_total", {}, workflows],
  ],
  "fence.rejected": () => [["failover_fenced_writes_total", {}]],
  "registry.session.lost": () => [["failover_registry_sessions_lost_total", {}]],
  "operator.accepted": () => [["failover_operator_requests_total", { answer: "accepted" }]],
  "operator.refused": () => [["failover_operator_requests_total", { answer: "refused" }]],
  "alert.stored": () => [["failover_alerts_stored_total", {}]],
  log: ({ level }) => [["failover_log_entries_total", { level }]],
};

function countsOf(event: NodeEvent): readonly Count[] {
  const count = COUNTING[event.type] as ((event: NodeEvent) => readonly Count[]) | undefined;
  return count?.(event) ?? [];
}

/** Time from one event to another about the same life, in seconds by kind of node. */
class Spans {
  readonly #clock: Clock;
  readonly #begun = new Map<string, number>();
  readonly seconds: { labels: Record<string, string>; value: number }[] = [];

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  begin(life: string): void {
    this.#begun.set(life, this.#clock.monotonicMs());
    // Whose end never came: another master finished it.
    const [oldest] = this.#begun.keys();
    if (this.#begun.size > KEPT_DURATIONS && oldest !== undefined) this.#begun.delete(oldest);
  }

  end(life: string, kind: string): void {
    const begunMs = this.#begun.get(life);
    if (begunMs === undefined) return;
    this.#begun.delete(life);
    if (this.seconds.length >= KEPT_DURATIONS) return;
    this.seconds.push({ labels: { kind }, value: (this.#clock.monotonicMs() - begunMs) / 1000 });
  }
}

/** Counts from now on. */
export function createNodeFigures(clock: Clock): NodeFigures {
  const counts = new Map<
    CounterName,
    Map<string, { labels: Readonly<Record<string, string>>; value: number }>
  >();
  const detections = new Spans(clock);
  const failovers = new Spans(clock);

  function add(name: CounterName, labels: Readonly<Record<string, string>>, value: number): void {
    const series = counts.get(name) ?? new Map<string, { labels: typeof labels; value: number }>();
    counts.set(name, series);
    const key = Object.values(labels).join("\n");
    const known = series.get(key);
    if (known === undefined) series.set(key, { labels, value });
    else known.value += value;
  }

  return {
    note(event) {
      for (const [name, labels, value = 1] of countsOf(event)) add(name, labels, value);
      if (event.type === "cluster.node.left") detections.begin(event.ofIncarnation);
      if (event.type === "failover.started") {
        detections.end(event.ofIncarnation, event.kind);
        failovers.begin(event.ofIncarnation);
      }
      if (event.type === "failover.finished") failovers.end(event.ofIncarnation, event.kind);
    },
    read: () => [
      ...Object.entries(COUNTED).map(([name, help]): Figure => {
        const samples = [...(counts.get(name as CounterName)?.values() ?? [])];
        return { kind: "counter", name, help, samples };
      }),
      {
        kind: "histogram",
        name: "failover_detection_duration_seconds",
        help: "From the removal of a node's registry entry to its fence.",
        seconds: detections.seconds,
      },
      {
        kind: "histogram",
        name: "failover_failover_duration_seconds",
        help: "From the fence of a node to the end of its failover.",
        seconds: failovers.seconds,
      },
    ],
  };
}
