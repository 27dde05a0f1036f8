import type { AlertConfig } from "../config/index.ts";
import type { AlertPlan, GroupChannel } from "../store/index.ts";

/** What is known of an alert when it is decided whom it goes to. */
export interface AlertPlanInput {
  /** The alert's own group, or the default one. */
  readonly groupId: number;
  /** The group's channels; undefined: there is no such group. */
  readonly channels: readonly GroupChannel[] | undefined;
  /** The equal alert inside the window that is sent instead. */
  readonly equal: number | undefined;
}

/**
 * Whom an alert goes to. One that would reach nobody is marked with the reason: neither lost nor looked at for ever.
 */
export function planAlert({ groupId, channels, equal }: AlertPlanInput): AlertPlan {
  if (channels === undefined) return { kind: "nobody", reason: `there is no alert group ${groupId}` };
  if (channels.length === 0) return { kind: "nobody", reason: `alert group ${groupId} has no channel` };
  if (equal !== undefined) return { kind: "suppress", by: equal };
  return {
    kind: "send",
    channels: channels.map((channel) => ({ key: keyOf(channel, channels), instanceId: channel.id })),
  };
}

/** Its name, as long as no channel before it in the group has the same. */
function keyOf(channel: GroupChannel, group: readonly GroupChannel[]): string {
  const name = channel.name ?? "";
  const isFirst = group.find((one) => one.name === channel.name) === channel;
  return isFirst && name !== "" ? name : `${name}#${channel.id}`;
}

/** What is known of a try that failed. */
export interface FailedTry {
  /** Its number, from 1. */
  readonly tries: number;
  /** Another one would end alike. */
  readonly final: boolean;
  readonly createdAtMs: number;
  readonly nowMs: number;
  /** In [0, 1). */
  readonly random: number;
}

/** Share of a pause that is left to chance, so that what failed together does not come back together. */
const JITTER = 0.2;

/**
 * When it is tried again (wall clock, milliseconds): pauses double from the base to the longest. Undefined: it is given
 * up, since it is of no use, was tried often enough, or would be too old by then.
 */
export function nextTry(
  failed: FailedTry,
  limits: Pick<AlertConfig, "retryBaseMs" | "retryMaxMs" | "maxTries" | "giveUpAfterMs">,
): number | undefined {
  const { tries, final, createdAtMs, nowMs, random } = failed;
  if (final || tries >= limits.maxTries) return undefined;
  const pauseMs = Math.min(limits.retryMaxMs, limits.retryBaseMs * 2 ** Math.min(tries - 1, 40));
  const atMs = nowMs + pauseMs * (1 - JITTER + 2 * JITTER * random);
  return atMs - createdAtMs > limits.giveUpAfterMs ? undefined : atMs;
}
