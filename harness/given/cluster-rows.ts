import { isWorkflowFinished } from "../../src/model/index.ts";
import { alertRows } from "./alert-rows.ts";
import type { PastLife, SeedContext } from "./seed-context.ts";
import { type SeedRow, type TableRows, timestamp } from "./seed-row.ts";

/** Rows of what stands around the workflows: groups, environments, and the servers that once were. */
export function clusterRows(context: SeedContext): TableRows[] {
  const { cluster, database } = context.case;
  const now = timestamp(context.nowMs);
  const dates = { create_time: now, update_time: now };
  const groups = Object.entries(cluster.groups).map(([name, workers]) => ({
    name,
    addr_list: workers.map((worker) => context.addresses[worker] ?? worker).join(","),
    ...dates,
  }));
  const environments = Object.entries(database.environments).map(([name, config]) => ({
    code: context.ids.environmentCode(name),
    name,
    config,
    ...dates,
  }));
  return [
    { table: "t_ds_worker_group", rows: groups },
    { table: "t_ds_environment", rows: environments },
    ...alertRows(context),
    ...serverRows(context),
  ];
}

/**
 * The lives of absent nodes. ALIVE in the table and gone from the registry is what a dead server looks like to whoever
 * starts later. One whose failover is marked finished, and of whom nothing unfinished is left, is fenced and done.
 */
function serverRows(context: SeedContext): TableRows[] {
  const lives = mentionedLives(context);
  const done = lives.filter((life) => isDone(context, life));
  const now = timestamp(context.nowMs);
  const servers = lives.map((life) => ({
    incarnation: life.incarnation,
    kind: life.kind,
    address: life.address,
    session_no: 1,
    state: done.includes(life) ? "FENCED" : "ALIVE",
    startup_time: timestamp(life.startupTime),
    create_time: timestamp(life.startupTime),
    update_time: now,
  }));
  const failovers = done.map((life) => ({
    incarnation: life.incarnation,
    kind: life.kind,
    address: life.address,
    phase: "DONE",
    rescuer: life.incarnation,
    token: 1,
    marked: true,
    create_time: now,
    update_time: now,
  }));
  return [
    { table: "t_ds_server", rows: servers },
    { table: "t_ds_failover", rows: failovers satisfies SeedRow[] },
  ];
}

function isDone(context: SeedContext, life: PastLife): boolean {
  if (!context.case.registry.markers.includes(life.name)) return false;
  return !context.case.database.instances.some(
    ({ host, state }) => host === life.name && !isWorkflowFinished(state),
  );
}

/** Absent nodes that left something behind; one that is only going to be started later has no past. */
export function mentionedLives(context: SeedContext): readonly PastLife[] {
  const { database, registry } = context.case;
  const names = new Set<string | null>([
    ...database.instances.flatMap(({ host, tasks }) => [
      host,
      ...tasks.flatMap(({ attempts }) => attempts.map((attempt) => attempt.host)),
    ]),
    ...registry.registered,
    ...registry.markers,
    ...Object.values(registry.locks),
  ]);
  return Object.values(context.past).filter(({ name }) => names.has(name));
}
