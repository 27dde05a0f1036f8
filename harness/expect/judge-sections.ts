import { pointerTo } from "../base/index.ts";
import type { Json } from "../case/resolved-case.ts";
import type { Evidence } from "../observe/evidence.ts";
import { contextOf, type JudgeContext } from "./context.ts";
import type { Finding } from "./finding.ts";
import type { Section } from "./section.ts";
import { judgeAlerts } from "./sections/alerts.ts";
import { judgeCommands, judgeErrorCommands } from "./sections/commands.ts";
import { judgeDeliveries } from "./sections/deliveries.ts";
import { judgeCounts, judgeHistory, judgeNever } from "./sections/events.ts";
import { judgeInstances } from "./sections/instances.ts";
import { judgeLogs, judgeProcesses } from "./sections/processes.ts";
import { judgeRegistry } from "./sections/registry.ts";
import { judgeRuns } from "./sections/runs.ts";
import { judgeTables } from "./sections/tables.ts";
import { judgeTiming } from "./sections/timing.ts";

/** In the order in which people want to read what is wrong: the outcome first, then its causes. */
const SECTIONS: Readonly<Record<string, Section>> = {
  instances: judgeInstances,
  runs: judgeRuns,
  errorCommands: judgeErrorCommands,
  commands: judgeCommands,
  tables: judgeTables,
  alerts: judgeAlerts,
  deliveries: judgeDeliveries,
  registry: judgeRegistry,
  processes: judgeProcesses,
  never: judgeNever,
  history: judgeHistory,
  counts: judgeCounts,
  timing: judgeTiming,
  logs: judgeLogs,
};

export interface ExpectationOptions {
  /** Sections as in `expect`. */
  readonly expect: { readonly [key: string]: Json };
  /** Where they stand in the case. */
  readonly pointer: string;
  /** `commands` and `errorCommands` are [] when left out. A `verify` in mid-case does not ask for that. */
  readonly withDefaults: boolean;
}

/** All that the sections find wrong. Pure. Used for `expect` and for the step `verify`. */
export function checkExpectations(evidence: Evidence, options: ExpectationOptions): readonly Finding[] {
  return checkSections(contextOf(evidence), options);
}

/** The same, with what was already looked up. */
export function checkSections(context: JudgeContext, options: ExpectationOptions): readonly Finding[] {
  const { pointer, withDefaults } = options;
  const expect = withDefaults ? { commands: [], errorCommands: [], ...options.expect } : options.expect;
  return Object.entries(SECTIONS).flatMap(([name, section]) => {
    const value = expect[name];
    return value === undefined ? [] : section(value, pointerTo(pointer, name), context);
  });
}
