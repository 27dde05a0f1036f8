import {
  assertSelf,
  hasUnplannedAlerts,
  lockUnplannedAlerts,
  type SqlExecutor,
  selectEqualAlert,
  selectGroupChannels,
  type UnplannedAlert,
  writeAlertPlan,
} from "../store/index.ts";
import { planAlert } from "./alert-plan.ts";
import type { AlertPorts } from "./alert-ports.ts";

/** Alerts of one transaction: others wait for its end, so it is short. */
const BATCH = 50;

/**
 * Makes the rows by which alerts are sent, one for each channel of an alert's group. Throws FencedError or StoreError;
 * what was committed stands, and the rest is found again.
 */
export async function planAlerts(ports: AlertPorts, mayAct: () => boolean): Promise<void> {
  while (mayAct() && (await hasUnplannedAlerts(ports.database))) {
    const planned = await ports.database.transaction(async (tx) => {
      await assertSelf(tx, ports.me.incarnation);
      const alerts = await lockUnplannedAlerts(tx, BATCH);
      for (const alert of alerts) await planOne(ports, tx, alert);
      return alerts.length;
    });
    // Whoever plans at the same time has locked them: they are in good hands.
    if (planned === 0) return;
  }
}

async function planOne(ports: AlertPorts, tx: SqlExecutor, alert: UnplannedAlert): Promise<void> {
  const { defaultGroupId, windowMs } = ports.config;
  const groupId = alert.alertGroupId ?? defaultGroupId;
  const channels = await selectGroupChannels(tx, groupId);
  const equal = windowMs > 0 ? await selectEqualAlert(tx, alert, windowMs) : undefined;
  const plan = planAlert({ groupId, channels, equal });
  if (plan.kind === "nobody") ports.log.warn(`alert ${alert.id} is sent to nobody: ${plan.reason}`);
  await writeAlertPlan(tx, alert.id, plan, ports.clock.now());
}
