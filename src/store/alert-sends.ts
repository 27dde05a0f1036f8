import { ALERT_STATUS_CODES } from "../model/index.ts";
import { type SqlExecutor, sqlTime } from "./database.ts";

/** An alert that waits to be handed to its channels. Times in milliseconds since the epoch. */
export interface UnplannedAlert {
  readonly id: number;
  readonly title: string;
  readonly sign: string;
  readonly alertType: number | null;
  readonly alertGroupId: number | null;
  readonly createTime: number;
}

/** A plugin instance of a group: a channel with its parameters. */
export interface GroupChannel {
  readonly id: number;
  readonly name: string | null;
}

/** A try that was claimed: what to send, by which channel, and the token that it is marked with. */
export interface ClaimedSend {
  readonly alertId: number;
  /** Key of the row, unique for the alert. */
  readonly channel: string;
  /** Number of this try, from 1; whoever claims the row next has the next one. */
  readonly token: number;
  readonly title: string;
  readonly content: string;
  readonly alertType: number | null;
  readonly warningType: number | null;
  readonly workflowInstanceId: number | null;
  readonly groupName: string | null;
  readonly createTime: number;
  /** Null: somebody removed the plugin instance. */
  readonly pluginName: string | null;
  readonly pluginParams: string | null;
  readonly instanceName: string | null;
}

/** Any number that nobody else uses for an advisory lock. */
const PLANNING_LOCK = 721_005;

/**
 * Locks alerts that nobody has planned yet, oldest first. One plans at a time, until its transaction ends: two that
 * each knew only their own alerts would let two equal ones through.
 */
export async function lockUnplannedAlerts(
  tx: SqlExecutor,
  limit: number,
): Promise<readonly UnplannedAlert[]> {
  await tx.query("SELECT pg_advisory_xact_lock($1)", [PLANNING_LOCK]);
  const { rows } = await tx.query<UnplannedAlert>(
    `SELECT id, coalesce(title, '') AS title, sign, alert_type AS "alertType", alertgroup_id AS "alertGroupId",
            coalesce(create_time, timestamp '1970-01-01') AS "createTime"
     FROM t_ds_alert WHERE alert_status = 0 AND NOT planned ORDER BY id LIMIT $1 FOR UPDATE SKIP LOCKED`,
    [limit],
  );
  return rows;
}

/** Whether there is an alert to plan; a plain look, before anything is locked. */
export async function hasUnplannedAlerts(sql: SqlExecutor): Promise<boolean> {
  const { rowCount } = await sql.query(
    "SELECT 1 FROM t_ds_alert WHERE alert_status = 0 AND NOT planned LIMIT 1",
  );
  return rowCount > 0;
}

/** The channels of a group in the order of its list; undefined: there is no such group. */
export async function selectGroupChannels(
  sql: SqlExecutor,
  groupId: number,
): Promise<readonly GroupChannel[] | undefined> {
  const { rows } = await sql.query<{ ids: string | null }>(
    "SELECT alert_instance_ids AS ids FROM t_ds_alertgroup WHERE id = $1",
    [groupId],
  );
  if (rows[0] === undefined) return undefined;
  const ids = (rows[0].ids ?? "")
    .split(",")
    .map((text) => Number(text.trim()))
    .filter((id) => Number.isSafeInteger(id) && id > 0 && id < 2 ** 31);
  const found = await sql.query<GroupChannel>(
    `SELECT id, instance_name AS name FROM t_ds_alert_plugin_instance WHERE id = ANY($1::int[])
     ORDER BY array_position($1::int[], id)`,
    [ids],
  );
  return found.rows;
}

/** The equal alert inside the window that is sent, or was: not one that was suppressed itself, or that failed. */
export async function selectEqualAlert(
  tx: SqlExecutor,
  alert: UnplannedAlert,
  windowMs: number,
): Promise<number | undefined> {
  const { rows } = await tx.query<{ id: number }>(
    `SELECT id FROM t_ds_alert
     WHERE sign = $1 AND title = $2 AND alert_type IS NOT DISTINCT FROM $3::int
       AND alertgroup_id IS NOT DISTINCT FROM $4::int AND id <> $5 AND suppressed_by IS NULL
       AND alert_status <> ${ALERT_STATUS_CODES.EXECUTION_FAILURE} AND (planned OR id < $5)
       AND create_time > $6::timestamp AND create_time < $7::timestamp
     ORDER BY id LIMIT 1`,
    [
      alert.sign,
      alert.title,
      alert.alertType,
      alert.alertGroupId,
      alert.id,
      sqlTime(alert.createTime - windowMs),
      sqlTime(alert.createTime + windowMs),
    ],
  );
  return rows[0]?.id;
}

/** What becomes of an alert: rows for its channels, or an end without any. */
export type AlertPlan =
  | {
      readonly kind: "send";
      readonly channels: readonly { readonly key: string; readonly instanceId: number }[];
    }
  | { readonly kind: "suppress"; readonly by: number }
  | { readonly kind: "nobody"; readonly reason: string };

/** Writes a plan, in the transaction that locked the alert. */
export async function writeAlertPlan(
  tx: SqlExecutor,
  alertId: number,
  plan: AlertPlan,
  nowMs: number,
): Promise<void> {
  const now = sqlTime(nowMs);
  if (plan.kind === "send") {
    await tx.query(
      `INSERT INTO t_ds_alert_send (alert_id, channel, plugin_instance_id, next_try, create_time, update_time)
       SELECT $1::int, key, instance, $4::timestamp, $4::timestamp, $4::timestamp
       FROM unnest($2::text[], $3::int[]) AS channel (key, instance) ON CONFLICT DO NOTHING`,
      [alertId, plan.channels.map(({ key }) => key), plan.channels.map(({ instanceId }) => instanceId), now],
    );
    await tx.query("UPDATE t_ds_alert SET planned = true WHERE id = $1", [alertId]);
    return;
  }
  const suppressed = plan.kind === "suppress";
  const log = suppressed
    ? `not sent: equal to alert ${plan.by}, which was sent inside the window`
    : plan.reason;
  const status = ALERT_STATUS_CODES[suppressed ? "EXECUTION_SUCCESS" : "EXECUTION_FAILURE"];
  await tx.query(
    `UPDATE t_ds_alert SET planned = true, suppressed_by = $2, alert_status = $3, log = $4, update_time = $5
     WHERE id = $1`,
    [alertId, suppressed ? plan.by : null, status, log, now],
  );
}

/**
 * A row waits and is due; or its sender is certainly not at it any more, since it is not ALIVE: then nobody waits for
 * the end of its lease.
 */
const DUE = `s.status = 0 AND (s.next_try <= $1 OR (s.sender IS NOT NULL AND NOT EXISTS (
  SELECT 1 FROM t_ds_server v WHERE v.incarnation = s.sender AND v.state = 'ALIVE')))`;

/** Plugin instances with something to send now. Null: of a row that names none. */
export async function selectDueInstances(
  sql: SqlExecutor,
  nowMs: number,
): Promise<readonly (number | null)[]> {
  const { rows } = await sql.query<{ id: number | null }>(
    `SELECT DISTINCT plugin_instance_id AS id FROM t_ds_alert_send s WHERE ${DUE}`,
    [sqlTime(nowMs)],
  );
  return rows.map((row) => row.id);
}

export interface ClaimSendsOptions {
  readonly sender: string;
  readonly instanceId: number | null;
  readonly limit: number;
  /** Group of alerts that have none: its name is told. */
  readonly defaultGroupId: number;
  readonly nowMs: number;
  /** Until then nobody else takes them, as long as the sender is ALIVE. */
  readonly leaseUntilMs: number;
}

/** Takes so many due sends of one plugin instance: token + 1 each. What others hold is left to them. */
export async function claimSends(
  tx: SqlExecutor,
  options: ClaimSendsOptions,
): Promise<readonly ClaimedSend[]> {
  const { sender, instanceId, limit, defaultGroupId, nowMs, leaseUntilMs } = options;
  const { rows } = await tx.query<ClaimedSend>(
    `WITH due AS (
       SELECT s.alert_id, s.channel FROM t_ds_alert_send s
       WHERE ${DUE} AND s.plugin_instance_id IS NOT DISTINCT FROM $2::int
       ORDER BY s.next_try, s.alert_id, s.channel LIMIT $3 FOR UPDATE OF s SKIP LOCKED
     ), taken AS (
       UPDATE t_ds_alert_send s SET token = s.token + 1, sender = $4::uuid, next_try = $5::timestamp, update_time = $1
       FROM due WHERE s.alert_id = due.alert_id AND s.channel = due.channel
       RETURNING s.alert_id, s.channel, s.token, s.plugin_instance_id
     )
     SELECT taken.alert_id AS "alertId", taken.channel, taken.token, coalesce(a.title, '') AS title,
            coalesce(a.content, '') AS content, a.alert_type AS "alertType", a.warning_type AS "warningType",
            a.workflow_instance_id AS "workflowInstanceId", g.group_name AS "groupName",
            coalesce(a.create_time, timestamp '1970-01-01') AS "createTime", d.plugin_name AS "pluginName",
            i.plugin_instance_params AS "pluginParams", i.instance_name AS "instanceName"
     FROM taken JOIN t_ds_alert a ON a.id = taken.alert_id
     LEFT JOIN t_ds_alertgroup g ON g.id = coalesce(a.alertgroup_id, $6::int)
     LEFT JOIN t_ds_alert_plugin_instance i ON i.id = taken.plugin_instance_id
     LEFT JOIN t_ds_plugin_define d ON d.id = i.plugin_define_id
     ORDER BY taken.alert_id, taken.channel`,
    [sqlTime(nowMs), instanceId, limit, sender, sqlTime(leaseUntilMs), defaultGroupId],
  );
  return rows;
}

/** How a try ended. */
export type SendResult =
  | { readonly kind: "delivered"; readonly log: string }
  | { readonly kind: "again"; readonly log: string; readonly atMs: number }
  | { readonly kind: "given-up"; readonly log: string };

const STATUS_OF = {
  delivered: ALERT_STATUS_CODES.EXECUTION_SUCCESS,
  again: ALERT_STATUS_CODES.WAIT_EXECUTION,
  "given-up": ALERT_STATUS_CODES.EXECUTION_FAILURE,
} as const satisfies Record<SendResult["kind"], number>;

/**
 * Notes how a try ended, and the end of the alert when it was the last one. False: somebody else has taken the row
 * since (this sender was slower than its lease, or is dead to the others), and nothing was written.
 */
export async function markSend(
  tx: SqlExecutor,
  send: Pick<ClaimedSend, "alertId" | "channel" | "token">,
  result: SendResult,
  nowMs: number,
): Promise<boolean> {
  const { rowCount } = await tx.query(
    `UPDATE t_ds_alert_send SET status = $4, log = $5, next_try = $6, sender = NULL, update_time = $7
     WHERE alert_id = $1 AND channel = $2 AND token = $3 AND status = 0`,
    [
      send.alertId,
      send.channel,
      send.token,
      STATUS_OF[result.kind],
      result.log,
      result.kind === "again" ? sqlTime(result.atMs) : null,
      sqlTime(nowMs),
    ],
  );
  if (rowCount !== 1) return isMarked(tx, send);
  if (result.kind !== "again") await settleAlert(tx, send.alertId, nowMs);
  return true;
}

/** The answer to an earlier COMMIT of the same mark was lost. */
async function isMarked(
  tx: SqlExecutor,
  { alertId, channel, token }: Pick<ClaimedSend, "alertId" | "channel" | "token">,
): Promise<boolean> {
  const { rowCount } = await tx.query(
    "SELECT 1 FROM t_ds_alert_send WHERE alert_id = $1 AND channel = $2 AND token = $3 AND status <> 0",
    [alertId, channel, token],
  );
  return rowCount === 1;
}

/** All channels have ended: so has the alert. Lock first, look in the next statement: two may end at once. */
async function settleAlert(tx: SqlExecutor, alertId: number, nowMs: number): Promise<void> {
  await tx.query("SELECT 1 FROM t_ds_alert WHERE id = $1 FOR NO KEY UPDATE", [alertId]);
  const { rows } = await tx.query<{ channel: string; status: number; log: string | null }>(
    "SELECT channel, status, log FROM t_ds_alert_send WHERE alert_id = $1 ORDER BY plugin_instance_id, channel",
    [alertId],
  );
  if (rows.some(({ status }) => status === ALERT_STATUS_CODES.WAIT_EXECUTION)) return;
  const delivered = rows.filter(({ status }) => status === ALERT_STATUS_CODES.EXECUTION_SUCCESS).length;
  const word =
    delivered === rows.length
      ? "EXECUTION_SUCCESS"
      : delivered === 0
        ? "EXECUTION_FAILURE"
        : "EXECUTION_PARTIAL_SUCCESS";
  const log = rows.map(({ channel, status, log: message }) => ({
    channel,
    success: status === ALERT_STATUS_CODES.EXECUTION_SUCCESS,
    message,
  }));
  await tx.query("UPDATE t_ds_alert SET alert_status = $2, log = $3, update_time = $4 WHERE id = $1", [
    alertId,
    ALERT_STATUS_CODES[word],
    JSON.stringify(log),
    sqlTime(nowMs),
  ]);
}

/** Puts plugins on record, as DolphinScheduler does when it installs them: added by name, or described anew. */
export async function recordPlugins(
  sql: SqlExecutor,
  plugins: readonly { readonly name: string; readonly params: string }[],
  nowMs: number,
): Promise<void> {
  await sql.query(
    `INSERT INTO t_ds_plugin_define (plugin_name, plugin_type, plugin_params, create_time, update_time)
     SELECT name, 'alert', params, $3::timestamp, $3::timestamp FROM unnest($1::text[], $2::text[]) AS p (name, params)
     ON CONFLICT (plugin_name, plugin_type) DO UPDATE SET plugin_params = EXCLUDED.plugin_params`,
    [plugins.map(({ name }) => name), plugins.map(({ params }) => params), sqlTime(nowMs)],
  );
}

/** Name of a plugin by its id in t_ds_plugin_define. */
export async function selectPluginName(sql: SqlExecutor, id: number): Promise<string | undefined> {
  const { rows } = await sql.query<{ name: string }>(
    "SELECT plugin_name AS name FROM t_ds_plugin_define WHERE id = $1 AND plugin_type = 'alert'",
    [id],
  );
  return rows[0]?.name;
}
