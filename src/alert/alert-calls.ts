import { errorMessage } from "../base/index.ts";
import { ALERT_TYPE_CODES, type AlertType } from "../model/index.ts";
import {
  BadRequestError,
  type SendAlertAnswer,
  type SendAlertRequest,
  type SendTestAlertAnswer,
  type SendTestAlertRequest,
} from "../rpc/index.ts";
import { insertAlert, type NewAlert, selectAlertOfCause, selectPluginName } from "../store/index.ts";
import type { AlertPorts } from "./alert-ports.ts";
import { sendWithin } from "./send-alert.ts";

const LONGEST_KEY = 200;
const LONGEST_TITLE = 512;
const LARGEST_ID = 2 ** 31 - 1;
const WARNING_TYPES = ["SUCCESS", "FAILURE"] as const;
const TEST_TITLE = "Test alert";
const TEST_CONTENT = JSON.stringify([{ event: "TEST", message: "this channel works" }]);

/** People call this with curl: every mistake is named. */
function readRequest(request: unknown): SendAlertRequest {
  const problems: string[] = [];
  const given: Record<string, unknown> =
    typeof request === "object" && request !== null && !Array.isArray(request) ? { ...request } : {};
  const isWrong = (name: string, holds: (value: unknown) => boolean, form: string, optional = true): void => {
    const value = given[name];
    if (value === undefined ? !optional : !holds(value)) problems.push(`"${name}" has to be ${form}`);
  };
  const isId = (value: unknown): boolean =>
    typeof value === "number" && Number.isInteger(value) && value > 0 && value <= LARGEST_ID;
  const isText = (longest: number) => (value: unknown) =>
    typeof value === "string" && value !== "" && value.length <= longest && !value.includes("\0");
  isWrong("title", isText(LONGEST_TITLE), `a text of at most ${LONGEST_TITLE} letters`, false);
  isWrong("content", isText(Number.POSITIVE_INFINITY), "a text", false);
  isWrong("key", isText(LONGEST_KEY), `a text of at most ${LONGEST_KEY} letters`);
  isWrong("alertGroupId", isId, "the id of an alert group");
  isWrong("workflowInstanceId", isId, "the id of a workflow instance");
  const words = Object.keys(ALERT_TYPE_CODES);
  isWrong("alertType", (value) => words.some((word) => word === value), `one of ${words.join(", ")}`);
  isWrong("warningType", (value) => WARNING_TYPES.some((word) => word === value), WARNING_TYPES.join(" or "));
  if (problems.length > 0) throw new BadRequestError(problems.join("; "));
  return given as unknown as SendAlertRequest;
}

/** Stores an alert, and answers when that is committed. Throws BadRequestError or StoreError. */
export async function sendAlert(ports: AlertPorts, request: unknown): Promise<SendAlertAnswer> {
  const { key, title, content, alertGroupId, alertType, warningType, workflowInstanceId } =
    readRequest(request);
  const dedupeKey = `call:${key ?? ports.random.uuid()}`;
  const alert: NewAlert = {
    title,
    content,
    dedupeKey,
    type: (alertType ?? "CLOSE_ALERT") as AlertType,
    warningType: warningType === "SUCCESS" ? "SUCCESS" : "FAILURE",
    ...(alertGroupId === undefined ? {} : { alertGroupId }),
    ...(workflowInstanceId === undefined ? {} : { workflowInstanceId }),
    nowMs: ports.clock.now(),
  };
  const answer = await ports.database.transaction(async (tx): Promise<SendAlertAnswer> => {
    const alertId = await insertAlert(tx, alert);
    if (alertId !== undefined) return { alertId, fresh: true };
    const known = await selectAlertOfCause(tx, dedupeKey);
    if (known === undefined) throw new Error(`alert ${dedupeKey} was removed while it was stored; ask again`);
    return { alertId: known, fresh: false };
  });
  if (answer.fresh) {
    const about = workflowInstanceId === undefined ? {} : { workflowInstanceId };
    ports.events.emit({ type: "alert.stored", alertId: answer.alertId, title, ...about });
  }
  return answer;
}

/** Sends at once by a channel with the given parameters, and says how it went. Throws BadRequestError or StoreError. */
export async function sendTestAlert(
  ports: AlertPorts,
  request: SendTestAlertRequest,
): Promise<SendTestAlertAnswer> {
  const { plugin, pluginDefineId, pluginInstanceParams, title, content } = request;
  if (plugin === undefined && typeof pluginDefineId !== "number")
    throw new BadRequestError('name the channel by "plugin" or "pluginDefineId"');
  const name =
    plugin ?? (await selectPluginName(ports.database, pluginDefineId ?? 0)) ?? `#${pluginDefineId}`;
  const message = {
    key: `test-${ports.random.uuid()}`,
    title: title ?? TEST_TITLE,
    content: content ?? TEST_CONTENT,
    group: null,
    warningType: "FAILURE",
    createdAtMs: ports.clock.now(),
  };
  try {
    const channel = ports.channels.open(String(name), pluginInstanceParams);
    const limits = { withinMs: ports.config.sendTimeoutMs };
    return { success: true, message: await sendWithin(ports.clock, channel, message, limits) };
  } catch (error) {
    return { success: false, message: errorMessage(error) };
  }
}
