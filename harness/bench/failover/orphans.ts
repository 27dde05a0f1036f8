import type pg from "pg";

/** The dead master, its rescuer, and those who claim. */
export const DEAD = "00000000-0000-4000-8000-00000000dead";
export const masterIncarnation = (number: number): string =>
  `00000000-0000-4000-8000-${String(number).padStart(12, "0")}`;
export const RESCUER = masterIncarnation(1);
const MASTERS = 8;

/** Tables that a failover writes. */
const TABLES = ["workflow_instance", "command", "failover_audit", "server", "failover"].map(
  (name) => `t_ds_${name}`,
);

/** N running workflows of a master that is fenced, some 500 bytes each; everything else empty. */
export async function seedOrphans(client: pg.Client, count: number): Promise<void> {
  await client.query(`TRUNCATE ${TABLES.join(", ")} RESTART IDENTITY`);
  await client.query(
    `INSERT INTO t_ds_server (incarnation, kind, address, session_no, state)
       VALUES ($1, 'master', 'dead:1', 1, 'FENCED')`,
    [DEAD],
  );
  for (let number = 1; number <= MASTERS; number += 1) {
    await client.query(
      `INSERT INTO t_ds_server (incarnation, kind, address, session_no, state) VALUES ($1, 'master', $2, 1, 'ALIVE')`,
      [masterIncarnation(number), `master-${number}:1`],
    );
  }
  await client.query(
    `INSERT INTO t_ds_failover (incarnation, kind, address, phase, rescuer)
       VALUES ($1, 'master', 'dead:1', 'FENCED', $2)`,
    [DEAD, RESCUER],
  );
  await client.query(
    `INSERT INTO t_ds_workflow_instance (name, workflow_definition_code, workflow_definition_version, project_code,
       state, state_history, start_time, run_times, host, command_type, global_params, workflow_instance_json,
       executor_name, history_cmd, worker_group, update_time, restart_time, owner_incarnation, owner_epoch)
     SELECT 'workflow-' || i || '-20260101000000', 1000 + i % 50, 1, 1, 1, repeat('s', 60), now(), 1, 'dead:1', 0,
       repeat('g', 120), repeat('j', 120), 'admin', 'START_PROCESS', 'default', now(), now(), $2, 1
     FROM generate_series(1, $1) AS i`,
    [count, DEAD],
  );
  await settle(client);
}

/** What autovacuum would have done by then, so that it is in nobody's time. */
export async function settle(client: pg.Client): Promise<void> {
  await client.query(`VACUUM (ANALYZE) ${TABLES.join(", ")}`);
  await client.query("CHECKPOINT");
}

const SAVED = ["workflow_instance", "command"] as const;

/** Keeps the state after a sweep, so that every claim begins with the same. */
export async function saveSwept(client: pg.Client): Promise<void> {
  for (const name of SAVED) {
    await client.query(`DROP TABLE IF EXISTS bench_${name}`);
    await client.query(`CREATE TABLE bench_${name} AS SELECT * FROM t_ds_${name} ORDER BY id`);
  }
}

/** Puts the first `limit` of what was kept back. */
export async function restoreSwept(client: pg.Client, limit: number): Promise<void> {
  await client.query("TRUNCATE t_ds_workflow_instance, t_ds_command, t_ds_failover_audit");
  for (const name of SAVED) {
    await client.query(`INSERT INTO t_ds_${name} SELECT * FROM bench_${name} ORDER BY id LIMIT $1`, [limit]);
  }
  await settle(client);
}

const SWEPT = /* sql */ `
  SELECT (SELECT count(*) FROM t_ds_workflow_instance WHERE state = 18 AND owner_incarnation IS NULL
            AND owner_epoch = 2 AND pre_failover_state = 1) AS workflows,
         (SELECT count(*) FROM t_ds_command WHERE command_type = 2) AS commands,
         (SELECT count(*) FROM t_ds_failover_audit WHERE step = 'SWEEP') AS audit`;

/** Throws when the sweep did not leave exactly what it has to: a fast sweep that forgets something is worth nothing. */
export async function checkSwept(client: pg.Client, count: number): Promise<void> {
  const { rows } = await client.query<Record<string, string>>(SWEPT);
  for (const [what, found] of Object.entries(rows[0] ?? {})) {
    if (Number(found) !== count)
      throw new Error(`${count} rows of ${what} were expected, ${found} are there`);
  }
}

/** How many workflows were claimed not at all, and how many more than once (each claim raises the epoch). */
export async function countClaims(
  client: pg.Client,
): Promise<{ readonly missing: number; readonly duplicates: number }> {
  const { rows } = await client.query<{ missing: string; duplicates: string }>(
    `SELECT count(*) FILTER (WHERE owner_epoch = 2) AS missing, count(*) FILTER (WHERE owner_epoch > 3) AS duplicates
     FROM t_ds_workflow_instance`,
  );
  return { missing: Number(rows[0]?.missing), duplicates: Number(rows[0]?.duplicates) };
}
