import { type SqlExecutor, sqlTime } from "./database.ts";
import { notifyWorkflow } from "./reports.ts";

/** Column `status` of t_ds_task_group_queue (TaskGroupQueueStatus). A row that is released is deleted. */
const WAIT_QUEUE = -1;
const ACQUIRE_SUCCESS = 1;
/** Slots that count: DolphinScheduler leaves those out that an operator forced. */
const held = (row: string): string => `${row}.status = ${ACQUIRE_SUCCESS} AND ${row}.force_start = 0`;
/** Column `status` of t_ds_task_group: no limit is kept. */
const DISABLED = 0;

/** Its attempt could be started at once: its workflow has an owner and runs. Others hold up nobody. */
const READY = `EXISTS (SELECT 1 FROM t_ds_task_instance t
  JOIN t_ds_workflow_instance w ON w.id = t.workflow_instance_id
  WHERE t.id = q.task_id AND t.flag = 1 AND t.state IN (0, 12) AND w.state = 1 AND w.owner_incarnation IS NOT NULL)`;
/** Its attempt may still need it. */
const NEEDED = `EXISTS (SELECT 1 FROM t_ds_task_instance t
  JOIN t_ds_workflow_instance w ON w.id = t.workflow_instance_id
  WHERE t.id = q.task_id AND t.flag = 1 AND t.state IN (0, 1, 12, 17) AND w.state NOT IN (3, 5, 6, 7))`;

/** Locks a group until the transaction ends. Every change of its queue happens under this lock. */
async function lockGroup(
  tx: SqlExecutor,
  groupId: number,
): Promise<{ readonly size: number; readonly status: number } | undefined> {
  const { rows } = await tx.query<{ size: number; status: number }>(
    `SELECT group_size AS size, coalesce(status, 1) AS status FROM t_ds_task_group WHERE id = $1 FOR NO KEY UPDATE`,
    [groupId],
  );
  return rows[0];
}

/** `use_size` is for people; what counts are the rows of the queue. */
async function noteUse(tx: SqlExecutor, groupId: number): Promise<void> {
  await tx.query(
    `UPDATE t_ds_task_group SET use_size = used.count, update_time = timezone('UTC', now())
     FROM (SELECT count(*)::int AS count FROM t_ds_task_group_queue h WHERE h.group_id = $1 AND ${held("h")}) AS used
     WHERE id = $1 AND use_size IS DISTINCT FROM used.count`,
    [groupId],
  );
}

/** Hints to the owners of those whose turn it is now. */
async function callNext(tx: SqlExecutor, groupId: number): Promise<void> {
  const { rows } = await tx.query<{ id: number }>(
    `SELECT DISTINCT next.id FROM (
       SELECT q.workflow_instance_id AS id FROM t_ds_task_group_queue q
       WHERE q.group_id = $1 AND q.status = ${WAIT_QUEUE} AND ${READY} ORDER BY q.priority DESC, q.id
       LIMIT greatest(0, (SELECT group_size FROM t_ds_task_group WHERE id = $1)
         - (SELECT count(*) FROM t_ds_task_group_queue h WHERE h.group_id = $1 AND ${held("h")}))) AS next`,
    [groupId],
  );
  for (const { id } of rows) await notifyWorkflow(tx, id);
}

export interface SlotRequest {
  readonly groupId: number;
  readonly taskId: number;
  readonly taskName: string;
  readonly workflowInstanceId: number;
  /** The larger the sooner. */
  readonly priority: number;
  readonly nowMs: number;
}

/** Puts an attempt into the queue of its group, once. */
async function queueUp(tx: SqlExecutor, request: SlotRequest): Promise<void> {
  await tx.query(
    `INSERT INTO t_ds_task_group_queue (task_id, task_name, group_id, workflow_instance_id, priority, status, in_queue,
       create_time, update_time) VALUES ($1, $2, $3, $4, $5, ${WAIT_QUEUE}, 1, $6, $6) ON CONFLICT DO NOTHING`,
    [
      request.taskId,
      request.taskName,
      request.groupId,
      request.workflowInstanceId,
      request.priority,
      sqlTime(request.nowMs),
    ],
  );
}

/**
 * After OWN: asks for a slot of a task group. True: the attempt may be handed out; it holds a slot, or none is needed
 * (DolphinScheduler: a group that is closed or not there sets no limit). False: it waits in the queue of the group, in
 * the order of priority, then of arrival; who frees a slot tells it.
 */
export async function askForSlot(tx: SqlExecutor, request: SlotRequest): Promise<boolean> {
  const { groupId, taskId, nowMs } = request;
  const group = await lockGroup(tx, groupId);
  if (group === undefined || group.status === DISABLED) {
    await tx.query(`DELETE FROM t_ds_task_group_queue WHERE task_id = $1 AND status = ${WAIT_QUEUE}`, [
      taskId,
    ]);
    return true;
  }
  await queueUp(tx, request);
  await tx.query(
    `UPDATE t_ds_task_group_queue mine SET status = ${ACQUIRE_SUCCESS}, update_time = $3
     WHERE task_id = $2 AND status <> ${ACQUIRE_SUCCESS} AND (force_start = 1 OR $4 > (
       SELECT count(*) FROM t_ds_task_group_queue q WHERE q.group_id = $1 AND ((${held("q")}) OR (
         q.status = ${WAIT_QUEUE} AND (-coalesce(q.priority, 0), q.id) < (-coalesce(mine.priority, 0), mine.id)
         AND ${READY}))))`,
    [groupId, taskId, sqlTime(nowMs), group.size],
  );
  await noteUse(tx, groupId);
  const { rowCount } = await tx.query(
    `SELECT 1 FROM t_ds_task_group_queue WHERE task_id = $1 AND status = ${ACQUIRE_SUCCESS}`,
    [taskId],
  );
  return rowCount > 0;
}

/** Takes rows out of the queues, held or waiting, and calls the next. Groups are locked by id. */
async function release(tx: SqlExecutor, rows: readonly { id: number; groupId: number }[]): Promise<void> {
  for (const groupId of [...new Set(rows.map((row) => row.groupId))].toSorted(
    (left, right) => left - right,
  )) {
    await lockGroup(tx, groupId);
    const ids = rows.filter((row) => row.groupId === groupId).map((row) => row.id);
    await tx.query("DELETE FROM t_ds_task_group_queue WHERE id = ANY($1::int[])", [ids]);
    await noteUse(tx, groupId);
    await callNext(tx, groupId);
  }
}

const ROWS = `SELECT id, group_id AS "groupId" FROM t_ds_task_group_queue
  WHERE status IN (${WAIT_QUEUE}, ${ACQUIRE_SUCCESS})`;

/** After OWN, with the write that ends the attempt: its slot, or its place in the queue, is given back. */
export async function freeSlotOfTask(tx: SqlExecutor, taskId: number): Promise<void> {
  const { rows } = await tx.query<{ id: number; groupId: number }>(`${ROWS} AND task_id = $1`, [taskId]);
  await release(tx, rows);
}

/** With the end of a workflow: none of its attempts needs a slot any more. */
export async function freeSlotsOfWorkflow(tx: SqlExecutor, workflowInstanceId: number): Promise<void> {
  const { rows } = await tx.query<{ id: number; groupId: number }>(`${ROWS} AND workflow_instance_id = $1`, [
    workflowInstanceId,
  ]);
  await release(tx, rows);
}

/** After OWN, with the clone of an attempt that was lost: it inherits the slot, or the place in the queue. */
export async function inheritSlot(tx: SqlExecutor, from: number, to: number): Promise<void> {
  const { rows } = await tx.query<{ id: number; groupId: number }>(`${ROWS} AND task_id = $1`, [from]);
  for (const { id, groupId } of rows) {
    await lockGroup(tx, groupId);
    await tx.query("UPDATE t_ds_task_group_queue SET task_id = $2 WHERE id = $1", [id, to]);
  }
}

/** Attempts of one workflow that wait for a slot: whether it is worth to ask again. */
export async function selectWaitingForSlot(
  sql: SqlExecutor,
  workflowInstanceId: number,
): Promise<ReadonlyMap<number, boolean>> {
  const { rows } = await sql.query<{ taskId: number; hopeful: boolean }>(
    `SELECT q.task_id AS "taskId", q.status <> ${WAIT_QUEUE} OR q.force_start = 1 OR g.id IS NULL
         OR coalesce(g.status, 1) = ${DISABLED}
         OR row_number() OVER (PARTITION BY q.group_id, q.status ORDER BY q.priority DESC, q.id)
           <= g.group_size - (SELECT count(*) FROM t_ds_task_group_queue h WHERE h.group_id = q.group_id
             AND ${held("h")}) AS hopeful
     FROM t_ds_task_group_queue q LEFT JOIN t_ds_task_group g ON g.id = q.group_id
     WHERE q.workflow_instance_id = $1`,
    [workflowInstanceId],
  );
  return new Map(rows.map((row) => [row.taskId, row.hopeful]));
}

/** Running workflows of this owner with attempts that may get a slot now: what a missed hint left behind. */
export async function selectWorkflowsWithFreeSlots(
  sql: SqlExecutor,
  ownerIncarnation: string,
): Promise<readonly number[]> {
  const { rows } = await sql.query<{ id: number }>(
    `SELECT DISTINCT w.id FROM t_ds_task_group_queue q JOIN t_ds_workflow_instance w ON w.id = q.workflow_instance_id
     LEFT JOIN t_ds_task_group g ON g.id = q.group_id
     WHERE q.status = ${WAIT_QUEUE} AND w.owner_incarnation = $1 AND w.state = 1
       AND (q.force_start = 1 OR g.id IS NULL OR coalesce(g.status, 1) = ${DISABLED}
         OR g.group_size > (SELECT count(*) FROM t_ds_task_group_queue h WHERE h.group_id = g.id AND ${held("h")}))`,
    [ownerIncarnation],
  );
  return rows.map((row) => row.id);
}

/** Groups with rows of attempts that need them no more, or whose `use_size` is wrong. */
export async function selectGroupsToRepair(sql: SqlExecutor): Promise<readonly number[]> {
  const { rows } = await sql.query<{ id: number }>(
    `SELECT q.group_id AS id FROM t_ds_task_group_queue q
     WHERE q.group_id IS NOT NULL AND q.status IN (${WAIT_QUEUE}, ${ACQUIRE_SUCCESS}) AND NOT ${NEEDED}
     UNION
     SELECT g.id FROM t_ds_task_group g WHERE g.use_size IS DISTINCT FROM
       (SELECT count(*)::int FROM t_ds_task_group_queue h WHERE h.group_id = g.id AND ${held("h")})
     ORDER BY id`,
  );
  return rows.map((row) => row.id);
}

/**
 * Takes stale rows out of the queue of a group. LOOK: the group is locked in one statement, and nobody changes its
 * queue then; whether an attempt still needs its row is looked up in the next. Gives the attempts whose rows went.
 */
export async function repairGroup(tx: SqlExecutor, groupId: number): Promise<readonly number[]> {
  await lockGroup(tx, groupId);
  const { rows } = await tx.query<{ taskId: number }>(
    `DELETE FROM t_ds_task_group_queue q WHERE q.group_id = $1 AND q.status IN (${WAIT_QUEUE}, ${ACQUIRE_SUCCESS})
       AND NOT ${NEEDED} RETURNING q.task_id AS "taskId"`,
    [groupId],
  );
  await noteUse(tx, groupId);
  await callNext(tx, groupId);
  return rows.map((row) => row.taskId);
}
