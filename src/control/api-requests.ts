import {
  type InstanceOrder,
  MAX_BACKFILL_DATES,
  type OperatorRequest,
  parseScheduleTime,
} from "../model/index.ts";
import { BodyReader, readRunOptions } from "./read-request.ts";
import { RefusedError } from "./refusal.ts";

type Request = OperatorRequest["request"];

/** What may be asked of an instance, as it stands in the path. */
export const INSTANCE_ORDERS = {
  stop: "stop",
  pause: "pause",
  repeat: "repeat",
  "recover-failed": "recoverFailed",
  "recover-suspended": "recoverSuspended",
} as const satisfies Record<string, InstanceOrder["kind"]>;
export type InstanceOrderWord = keyof typeof INSTANCE_ORDERS;

export function isInstanceOrder(word: string): word is InstanceOrderWord {
  return Object.hasOwn(INSTANCE_ORDERS, word);
}

/** The id in a path. Throws RefusedError. */
export function readId(word: string): number {
  const id = Number(word);
  if (Number.isInteger(id) && id > 0 && id <= 2_147_483_647) return id;
  throw new RefusedError("INVALID", `${word} is no id of a workflow instance: that is a whole number from 1`);
}

/** An order about an instance, with its options. Throws RefusedError. */
export function readInstanceOrder(word: InstanceOrderWord, id: number, body: unknown): Request {
  const kind = INSTANCE_ORDERS[word];
  const reader = new BodyReader(body);
  if (kind === "stop" || kind === "pause") {
    reader.end();
    return { kind, workflowInstanceId: id };
  }
  const options = readRunOptions(reader);
  reader.end();
  return { kind, workflowInstanceId: id, ...options };
}

function choiceOf(word: string): { workflowDefinitionCode: number } | { workflowName: string } {
  return /^\d{1,15}$/.test(word) ? { workflowDefinitionCode: Number(word) } : { workflowName: word };
}

/** A start of a workflow, by code or name. Throws RefusedError. */
export function readStart(workflow: string, body: unknown): Request {
  const reader = new BodyReader(body);
  const scheduleTime = reader.text("scheduleTime");
  const options = readRunOptions(reader);
  reader.end();
  return {
    kind: "start",
    ...choiceOf(workflow),
    ...options,
    ...(scheduleTime === undefined ? {} : { scheduleTime }),
  };
}

const DAY_MS = 86_400_000;

/** Every day from the first to the last. */
function daysBetween(from: string, to: string): readonly string[] {
  const [first, last] = [from, to].map((text) => {
    const at = parseScheduleTime(text);
    if (at !== undefined) return at;
    throw new RefusedError("INVALID", `${text} is no date`, "write it like 2024-08-01");
  });
  const count = Math.floor(((last ?? 0) - (first ?? 0)) / DAY_MS) + 1;
  if (count < 1)
    throw new RefusedError("INVALID", `there is no day from ${from} to ${to}`, "the older one is `from`");
  if (count > MAX_BACKFILL_DATES)
    throw new RefusedError(
      "INVALID",
      `${count} days are too many for one backfill: ${MAX_BACKFILL_DATES} at most`,
    );
  return Array.from({ length: count }, (_, day) =>
    new Date((first ?? 0) + day * DAY_MS).toISOString().slice(0, 19),
  );
}

/** A backfill: a list of dates, or every day from one to another. Throws RefusedError. */
export function readBackfill(workflow: string, body: unknown): Request {
  const reader = new BodyReader(body);
  const dates = reader.list("dates")?.map(String);
  const from = reader.text("from");
  const to = reader.text("to");
  const options = readRunOptions(reader);
  reader.end();
  if (dates !== undefined && from === undefined && to === undefined)
    return { kind: "backfill", ...choiceOf(workflow), ...options, dates };
  if (dates !== undefined || from === undefined || to === undefined) {
    throw new RefusedError(
      "INVALID",
      "a backfill needs either `dates`, or `from` and `to`",
      'for example {"from": "2024-08-01", "to": "2024-08-07"}',
    );
  }
  return { kind: "backfill", ...choiceOf(workflow), ...options, dates: daysBetween(from, to) };
}
