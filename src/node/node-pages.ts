import type { NodeKind } from "../model/index.ts";
import type { Figure, NodeFigures } from "./node-figures.ts";
import { createMetricsPage } from "./render-metrics.ts";

/** How a node is at this moment, as it knows itself. */
export interface NodeHealth {
  /** False: this life is over (fenced, or it gave up), and the process ends or starts over. */
  readonly live: boolean;
  /** State of the registry session. */
  readonly session: "CONNECTED" | "SUSPENDED" | "LOST" | "CLOSED" | "NONE";
  /** Milliseconds up to the lease deadline F; 0 when it has passed. */
  readonly leaseMs: number;
  /** Masters: whether the database has answered lately. */
  readonly database?: "ANSWERS" | "SILENT";
  /** It takes nothing new, and ends when its work is over or handed on. */
  readonly draining: boolean;
  /** It takes no new work because of its load. No reason to be unready: what it has goes on. */
  readonly busy: boolean;
  readonly incarnation: string;
}

export interface HttpText {
  readonly status: number;
  readonly contentType: string;
  readonly text: string;
}

/** Why a node is not ready, in words; empty when it is. */
export function unreadyReasons(health: NodeHealth): readonly string[] {
  const reasons: string[] = [];
  if (!health.live) reasons.push("this life is over: it was fenced, or it gave up");
  if (health.draining) reasons.push("it is draining: it was asked to stop");
  if (health.session !== "CONNECTED") reasons.push(`the registry session is ${health.session}`);
  if (health.leaseMs <= 0) reasons.push("the lease deadline has passed: nothing may have an effect");
  if (health.database === "SILENT") reasons.push("the database does not answer");
  return reasons;
}

function json(status: number, body: unknown): HttpText {
  return { status, contentType: "application/json", text: `${JSON.stringify(body)}\n` };
}

/**
 * The pages of a node: `/health` (the same as `/health/ready`), `/health/live` and `/metrics`. Ready means that it can
 * work now (200, else 503 with the reasons); live, that restarting it would help nothing.
 */
export function createNodePages(node: {
  readonly kind: NodeKind;
  readonly address: string;
  readonly health: () => NodeHealth;
  /** What is measured when somebody asks. */
  readonly gauges: () => readonly Figure[];
  readonly figures: NodeFigures | undefined;
}): Readonly<Record<string, () => Promise<HttpText>>> {
  const { kind, address, health, gauges, figures } = node;
  const render = createMetricsPage();
  const about = (reasons: readonly string[]) => ({
    status: reasons.length === 0 ? "UP" : "DOWN",
    kind,
    address,
    reasons,
    ...health(),
  });
  const ready = async (): Promise<HttpText> => {
    const reasons = unreadyReasons(health());
    return json(reasons.length === 0 ? 200 : 503, about(reasons));
  };
  return {
    "/health": ready,
    "/health/ready": ready,
    "/health/live": async () => {
      const { live } = health();
      return json(live ? 200 : 503, about(live ? [] : unreadyReasons(health())));
    },
    "/metrics": async () => {
      const { contentType, text } = await render([
        ...stateFigures(health()),
        ...gauges(),
        ...(figures?.read() ?? []),
      ]);
      return { status: 200, contentType, text };
    },
  };
}

function stateFigures(health: NodeHealth): readonly Figure[] {
  const flag = (name: string, help: string, on: boolean): Figure => gauge(name, help, on ? 1 : 0);
  const states = ["CONNECTED", "SUSPENDED", "LOST", "CLOSED", "NONE"] as const;
  return [
    flag("failover_ready", "1 when this node can work now.", unreadyReasons(health).length === 0),
    flag("failover_busy", "1 when it takes no new work because of its load.", health.busy),
    flag("failover_draining", "1 when it was asked to stop.", health.draining),
    {
      kind: "gauge",
      name: "failover_registry_session_state",
      help: "1 at the state of the registry session.",
      samples: states.map((state) => ({ labels: { state }, value: health.session === state ? 1 : 0 })),
    },
    gauge("failover_lease_seconds", "Time up to the lease deadline.", health.leaseMs / 1000),
  ];
}

/** A gauge of one series. */
export function gauge(name: string, help: string, value: number): Figure {
  return { kind: "gauge", name, help, samples: [{ labels: {}, value }] };
}

/** A gauge with a series for each value of a label. */
export function gaugeBy(
  label: string,
  name: string,
  help: string,
  values: Iterable<readonly [string, number]>,
): Figure {
  const samples = [...values].map(([key, value]) => ({ labels: { [label]: key }, value }));
  return { kind: "gauge", name, help, samples };
}
