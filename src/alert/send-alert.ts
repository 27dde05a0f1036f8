import { type Clock, errorMessage } from "../base/index.ts";
import { WARNING_TYPE_CODES, wordOfCode } from "../model/index.ts";
import { type ClaimedSend, markSend, type SendResult } from "../store/index.ts";
import { type AlertMessage, type OpenChannel, SendError } from "./alert-channel.ts";
import { nextTry } from "./alert-plan.ts";
import type { AlertPorts } from "./alert-ports.ts";
import { parseMap } from "./channel-params.ts";
import { textOf } from "./text-of.ts";

/** A channel that was told to end gets so long to say how it ended; then it is left to itself. */
const LAST_WORD_MS = 100;

/** One try within its limit, also on a channel that does not keep it. Throws what the channel throws, or SendError. */
export async function sendWithin(
  clock: Clock,
  channel: OpenChannel,
  message: AlertMessage,
  limits: { readonly withinMs: number; readonly stopping?: AbortSignal },
): Promise<string> {
  const { withinMs, stopping } = limits;
  const end = new AbortController();
  const abort = (): void => end.abort();
  const timer = clock.setTimer(withinMs, abort);
  stopping?.addEventListener("abort", abort);
  if (stopping?.aborted) abort();
  const abandoned = new Promise<never>((_, reject) => {
    end.signal.addEventListener("abort", () => {
      void clock.sleep(LAST_WORD_MS).then(() => reject(new SendError(`no end in ${withinMs} ms`)));
    });
  });
  abandoned.catch(() => undefined);
  try {
    return await Promise.race([channel.send(message, { withinMs, signal: end.signal }), abandoned]);
  } finally {
    timer.cancel();
    stopping?.removeEventListener("abort", abort);
  }
}

/** What a try needs beside the row. */
export interface Attempt {
  readonly send: ClaimedSend;
  /** Instant (monotonic) until which the send may begin: later it could outlast the lease of its row. */
  readonly beginUntilMs: number;
  /** This server is the active one, and in its session. */
  readonly mayAct: () => boolean;
  readonly stopping: AbortSignal;
}

/**
 * One try of one alert on one channel: 1 still mine to send; 2 send; 3 mark it, if no one else has taken it since. Dies
 * between 2 and 3: somebody sends it again, with the same key.
 */
export async function carryOutSend(ports: AlertPorts, attempt: Attempt): Promise<void> {
  const { send, mayAct, beginUntilMs } = attempt;
  const { clock, failpoints, log } = ports;
  const about = send.workflowInstanceId === null ? {} : { workflowInstanceId: send.workflowInstanceId };
  await failpoints.reach("alert.send.before", about);
  // Frozen since the claim, perhaps: whoever is active now sends it.
  if (!mayAct() || clock.monotonicMs() > beginUntilMs) {
    log.debug(`alert ${send.alertId} is left to the active alert server`);
    return;
  }
  const result = await trySend(ports, attempt);
  await failpoints.reach("alert.send.inside", about);
  await mark(ports, attempt, result);
  await failpoints.reach("alert.send.after", about);
}

async function trySend(ports: AlertPorts, { send, stopping }: Attempt): Promise<SendResult> {
  const { clock, channels, config } = ports;
  try {
    const message = messageOf(send);
    const skipped = notWanted(send, message.warningType);
    if (skipped !== undefined) return { kind: "delivered", log: skipped };
    if (send.instanceName === null && send.pluginParams === null)
      throw new SendError("the plugin instance was removed", { final: true });
    const channel = channels.open(send.pluginName, send.pluginParams ?? "{}");
    const limits = { withinMs: config.sendTimeoutMs, stopping };
    return { kind: "delivered", log: await sendWithin(clock, channel, message, limits) };
  } catch (error) {
    const atMs = nextTry(
      {
        tries: send.token,
        final: error instanceof SendError && error.final,
        createdAtMs: send.createTime,
        nowMs: clock.now(),
        random: ports.random.next(),
      },
      config,
    );
    const why = errorMessage(error);
    if (atMs !== undefined) return { kind: "again", log: why, atMs };
    return { kind: "given-up", log: `given up after ${send.token} tries: ${why}` };
  }
}

function messageOf(send: ClaimedSend): AlertMessage {
  return {
    key: `alert-${send.alertId}-${send.channel}`,
    title: send.title,
    content: send.content,
    group: send.groupName,
    warningType: wordOfCode(WARNING_TYPE_CODES, send.warningType ?? WARNING_TYPE_CODES.FAILURE) ?? "FAILURE",
    createdAtMs: send.createTime,
  };
}

/** A plugin instance may be told of one kind of ends only (DolphinScheduler's parameter WarningType). */
function notWanted(send: ClaimedSend, warningType: string): string | undefined {
  const params = parseMap(send.pluginParams ?? "{}") ?? {};
  const name = Object.keys(params).find((one) => one.toLowerCase() === "warningtype");
  const wanted = textOf((name === undefined ? undefined : params[name]) ?? "all").toUpperCase();
  if (wanted === "ALL" || wanted === warningType) return undefined;
  return `not sent: this channel is told of ${wanted} only`;
}

/** Tried until it is written, or certain that it need not be: what was sent is on record, or it is sent again. */
async function mark(ports: AlertPorts, attempt: Attempt, result: SendResult): Promise<void> {
  const { clock, database, log, events, config } = ports;
  const { send, stopping } = attempt;
  for (;;) {
    try {
      const mine = await database.transaction((tx) => markSend(tx, send, result, clock.now()));
      if (mine) return tellMarked(ports, send, result);
      const what = `alert ${send.alertId} on ${send.channel}, try ${send.token}`;
      events.emit({ type: "fence.rejected", what });
      log.warn(`${what} is not marked: another alert server has taken it since`);
      return;
    } catch (error) {
      if (stopping.aborted) throw error;
      log.warn(`alert ${send.alertId} is not marked yet: ${errorMessage(error)}`);
      await clock.sleep(config.retryBaseMs, stopping);
    }
  }
}

function tellMarked({ events, log }: AlertPorts, send: ClaimedSend, result: SendResult): void {
  const { alertId, title, channel, token } = send;
  if (result.kind !== "delivered") {
    const then = result.kind === "again" ? "tried again later" : "given up";
    log.warn(`alert ${alertId} did not get through on ${channel} (try ${token}, ${then}): ${result.log}`);
    return;
  }
  const { host } = hostIn(send.content);
  events.emit({
    type: "alert.delivered",
    alertId,
    title,
    channel,
    tries: token,
    ...(host === undefined ? {} : { of: host }),
    ...(send.workflowInstanceId === null ? {} : { workflowInstanceId: send.workflowInstanceId }),
  });
}

/** The server that an alert is about, if its content names one. */
function hostIn(content: string): { readonly host?: string } {
  try {
    const value: unknown = JSON.parse(content);
    const first: unknown = Array.isArray(value) ? value[0] : value;
    if (typeof first !== "object" || first === null || !("host" in first)) return {};
    return typeof first.host === "string" ? { host: first.host } : {};
  } catch {
    return {};
  }
}
