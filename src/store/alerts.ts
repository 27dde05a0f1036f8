import { createHash } from "node:crypto";
import { ALERT_TYPE_CODES, type AlertType } from "../model/index.ts";
import { type SqlExecutor, sqlTime } from "./database.ts";

export interface NewAlert {
  readonly title: string;
  /** JSON, as DolphinScheduler's alert plug-ins expect it. */
  readonly content: string;
  readonly type: AlertType;
  /** The same cause makes one alert, whoever stores it. */
  readonly dedupeKey: string;
  readonly workflowInstanceId?: number;
  readonly nowMs: number;
}

/** Stores an alert in the transaction of what caused it. Undefined: it was there already. */
export async function insertAlert(tx: SqlExecutor, alert: NewAlert): Promise<number | undefined> {
  const { rows } = await tx.query<{ id: number }>(
    `INSERT INTO t_ds_alert (title, sign, content, alert_status, alert_type, workflow_instance_id, create_time,
       update_time, dedupe_key) VALUES ($1, $2, $3, 0, $4, $5, $6, $6, $7)
     ON CONFLICT (dedupe_key) DO NOTHING RETURNING id`,
    [
      alert.title,
      createHash("sha1").update(alert.content).digest("hex"),
      alert.content,
      ALERT_TYPE_CODES[alert.type],
      alert.workflowInstanceId ?? null,
      sqlTime(alert.nowMs),
      alert.dedupeKey,
    ],
  );
  return rows[0]?.id;
}
