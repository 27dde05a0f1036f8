import type { Clock, Failpoints } from "../base/index.ts";
import type { ReportAnswer, ReportRequest } from "../rpc/index.ts";
import { type Database, storeReport } from "../store/index.ts";

/**
 * Stores a worker's report, whoever owns the workflow; acknowledged means committed. Throws StoreError: send it
 * again.
 */
export async function receiveReport(
  ports: { readonly clock: Clock; readonly database: Database; readonly failpoints: Failpoints },
  report: ReportRequest,
): Promise<ReportAnswer> {
  const { taskInstanceId, dispatchNo, workerIncarnation, seq, body, workflowInstanceId } = report;
  const subject = { workflowInstanceId, taskInstanceId };
  await ports.failpoints.reach("task.report.before", subject);
  const stored = await ports.database.transaction(async (tx) => {
    const wanted = await storeReport(tx, {
      taskInstanceId,
      dispatchNo,
      workerIncarnation,
      seq,
      kind: body.kind,
      payload: JSON.stringify(body),
      nowMs: ports.clock.now(),
    });
    await ports.failpoints.reach("task.report.inside", subject);
    return wanted;
  });
  await ports.failpoints.reach("task.report.after", subject);
  return { state: stored === undefined ? "OBSOLETE" : "STORED" };
}
