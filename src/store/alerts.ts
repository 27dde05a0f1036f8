import { createHash } from "node:crypto";
import { ALERT_TYPE_CODES, type AlertType, WARNING_TYPE_CODES } from "../model/index.ts";
import { type SqlExecutor, sqlTime } from "./database.ts";

export interface NewAlert {
  readonly title: string;
  /** JSON, as DolphinScheduler's alert plug-ins expect it. */
  readonly content: string;
  /**
   * What two alerts have in common that are equal for a reader, when their contents differ in more than that. Equal
   * ones are sent once inside the window. Default: the content.
   */
  readonly signature?: string;
  readonly type: AlertType;
  /** The same cause makes one alert, whoever stores it. */
  readonly dedupeKey: string;
  /** It goes to the group of this workflow, if it has one. */
  readonly workflowInstanceId?: number;
  /** Group that it goes to. Default: the workflow's; without one the alert server's default group. */
  readonly alertGroupId?: number;
  /** SUCCESS or FAILURE: channels may be set to one of them. Default FAILURE. */
  readonly warningType?: "SUCCESS" | "FAILURE";
  readonly nowMs: number;
}

/** Hint that an alert was stored. */
export const ALERT_CHANNEL = "failover_alert";

/** Stores an alert in the transaction of what caused it. Undefined: it was there already. */
export async function insertAlert(tx: SqlExecutor, alert: NewAlert): Promise<number | undefined> {
  const { rows } = await tx.query<{ id: number }>(
    `INSERT INTO t_ds_alert (title, sign, content, alert_status, alert_type, warning_type, workflow_instance_id,
       alertgroup_id, project_code, workflow_definition_code, create_time, update_time, dedupe_key)
     SELECT left($1::text, 512), $2::text, $3::text, 0, $4::int, $5::int, $6::int,
            coalesce($7::int, nullif(w.warning_group_id, 0)), w.project_code, w.workflow_definition_code,
            $8::timestamp, $8::timestamp, $9::text
     FROM (SELECT 1) AS one LEFT JOIN t_ds_workflow_instance w ON w.id = $6::int
     ON CONFLICT (dedupe_key) DO NOTHING RETURNING id`,
    [
      alert.title,
      createHash("sha1")
        .update(alert.signature ?? alert.content)
        .digest("hex"),
      alert.content,
      ALERT_TYPE_CODES[alert.type],
      WARNING_TYPE_CODES[alert.warningType ?? "FAILURE"],
      alert.workflowInstanceId ?? null,
      alert.alertGroupId ?? null,
      sqlTime(alert.nowMs),
      alert.dedupeKey,
    ],
  );
  const id = rows[0]?.id;
  if (id !== undefined) await tx.query("SELECT pg_notify($1, '')", [ALERT_CHANNEL]);
  return id;
}

/** The alert that a cause made, if it was stored. */
export async function selectAlertOfCause(sql: SqlExecutor, dedupeKey: string): Promise<number | undefined> {
  const { rows } = await sql.query<{ id: number }>("SELECT id FROM t_ds_alert WHERE dedupe_key = $1", [
    dedupeKey,
  ]);
  return rows[0]?.id;
}
