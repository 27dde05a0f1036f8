import type { Registry } from "prom-client";
import type { Figure } from "./node-figures.ts";

/** What a metrics page answers. */
export interface MetricsPage {
  readonly contentType: string;
  readonly text: string;
}

/** Seconds; a failover of one workflow takes milliseconds, one of 100 000 takes half a minute. */
const BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300];

/**
 * Renders figures as Prometheus text, with prom-client's own metrics of the process (memory, processor time, event-loop
 * lag). The library is loaded by the first one who asks: a node starts without it.
 */
export function createMetricsPage(): (figures: readonly Figure[]) => Promise<MetricsPage> {
  let processRegistry: Registry | undefined;
  return async (figures) => {
    const prom = await import("prom-client");
    const { Counter, collectDefaultMetrics, Gauge, Histogram } = prom;
    if (processRegistry === undefined) {
      processRegistry = new prom.Registry();
      collectDefaultMetrics({ register: processRegistry });
    }
    const registry = new prom.Registry();
    for (const figure of figures) {
      const { name, help } = figure;
      const samples = figure.kind === "histogram" ? figure.seconds : figure.samples;
      const labelNames = [...new Set(samples.flatMap(({ labels }) => Object.keys(labels)))];
      const registers = [registry];
      if (figure.kind === "histogram") {
        const histogram = new Histogram({ name, help, labelNames, registers, buckets: BUCKETS });
        for (const { labels, value } of figure.seconds) histogram.observe(labels, value);
      } else if (figure.kind === "counter") {
        const counter = new Counter({ name, help, labelNames, registers });
        for (const { labels, value } of figure.samples) counter.inc(labels, value);
      } else {
        const gauge = new Gauge({ name, help, labelNames, registers });
        for (const { labels, value } of figure.samples) gauge.set(labels, value);
      }
    }
    const merged = prom.Registry.merge([registry, processRegistry]);
    return { contentType: merged.contentType, text: await merged.metrics() };
  };
}
