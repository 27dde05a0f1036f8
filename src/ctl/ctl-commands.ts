import { type Clock, type Random, WaitTimeoutError, waitUntil } from "../base/index.ts";
import type { CommonOptions, OrderOptions } from "./ctl-options.ts";
import { CTL_EXIT, exitCodeOfEnd } from "./exit-codes.ts";
import { askMasters, type MasterAnswer, type Question } from "./master-client.ts";
import { showInstance } from "./show-views.ts";
import { rowOf } from "./tables.ts";

/** Where a command reads and writes. */
export interface CtlPorts {
  readonly clock: Clock;
  readonly random: Random;
  readonly out: (text: string) => void;
  readonly err: (text: string) => void;
}

/** `--wait` without a number, milliseconds: a day. */
const WAIT_LONG_MS = 86_400_000;
const LOOK_EVERY_MS = 250;

function ask(ports: CtlPorts, options: CommonOptions, question: Question): Promise<MasterAnswer> {
  const { clock } = ports;
  return askMasters({ clock, masters: options.master, withinMs: options.timeout * 1000 }, question);
}

function wordsOf(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}

/** What a refusal says, and the exit code for it. */
function explainRefusal(ports: CtlPorts, { status, body }: MasterAnswer): number {
  const { code, message, fix } = rowOf(body["error"]);
  ports.err(`error ${wordsOf(message) ?? `HTTP ${status}`} [${wordsOf(code) ?? status}]\n`);
  const help = wordsOf(fix);
  if (help !== undefined) ports.err(`  -> ${help}\n`);
  return status === 400 || status === 413 ? CTL_EXIT.invalid : CTL_EXIT.refused;
}

function print(ports: CtlPorts, json: boolean, body: object, text: () => string): void {
  ports.out(json ? `${JSON.stringify(body, null, 2)}\n` : text());
}

/** Asks for a view and prints it. */
export async function viewCommand(
  ports: CtlPorts,
  options: CommonOptions,
  view: { readonly path: string; readonly show: (body: Readonly<Record<string, unknown>>) => string },
): Promise<number> {
  const answer = await ask(ports, options, { method: "GET", path: view.path });
  if (answer.status !== 200) return explainRefusal(ports, answer);
  print(ports, options.json, answer.body, () => view.show(answer.body));
  return CTL_EXIT.done;
}

/** An order: where it goes, and the end that it wants. */
export interface Order {
  readonly path: string;
  readonly body: Readonly<Record<string, unknown>>;
  readonly wants: "SUCCESS" | "STOP" | "PAUSE";
  /** What was accepted, in words, e.g. "start". */
  readonly what: string;
}

interface Seen {
  readonly state: string;
  readonly body: Readonly<Record<string, unknown>>;
}

/** The instance, once it has ended and no command will make it go on. */
async function lookForEnd(
  ports: CtlPorts,
  options: CommonOptions,
  id: number,
): Promise<{ readonly seen: Seen; readonly over: boolean }> {
  const { body } = await ask(ports, options, { method: "GET", path: `/api/v1/instances/${id}` });
  const state = wordsOf(rowOf(body["instance"])["state"]) ?? "";
  const over = body["command"] === null && exitCodeOfEnd(state, "") !== undefined;
  return { seen: { state, body }, over };
}

async function waitForEnd(
  ports: CtlPorts,
  options: OrderOptions,
  accepted: { readonly id: number; readonly order: Order },
): Promise<number> {
  const withinMs = options.wait === true ? WAIT_LONG_MS : (options.wait ?? 0) * 1000;
  let last: Seen = { state: "unknown", body: {} };
  try {
    await waitUntil({
      clock: ports.clock,
      withinMs,
      everyMs: LOOK_EVERY_MS,
      describe: `the end of instance ${accepted.id}`,
      until: async () => {
        const { seen, over } = await lookForEnd(ports, options, accepted.id);
        last = seen;
        return over ? true : undefined;
      },
    });
  } catch (error) {
    if (!(error instanceof WaitTimeoutError)) throw error;
    ports.err(`error instance ${accepted.id} is still in state ${last.state} after ${options.wait} s\n`);
    return CTL_EXIT.stillRunning;
  }
  print(ports, options.json, last.body, () => showInstance(last.body));
  return exitCodeOfEnd(last.state, accepted.order.wants) ?? CTL_EXIT.failure;
}

/** Sends an order, with one request id however many masters have to be asked, and waits when that is wanted. */
export async function orderCommand(ports: CtlPorts, options: OrderOptions, order: Order): Promise<number> {
  const requestId = options.requestId ?? ports.random.uuid();
  const { path, body } = order;
  const answer = await ask(ports, options, { method: "POST", path, body, requestId });
  if (answer.status !== 202) return explainRefusal(ports, answer);
  const id = Number(answer.body["workflowInstanceId"]);
  if (options.wait !== undefined) {
    ports.err(`${order.what} of instance ${id} is accepted; waiting for its end\n`);
    return waitForEnd(ports, options, { id, order });
  }
  print(ports, options.json, answer.body, () => {
    const next = `failover ctl show ${id} --master ${answer.master}`;
    return `${order.what} of instance ${id} is accepted (request ${requestId})\nsee what becomes of it: ${next}\n`;
  });
  return CTL_EXIT.done;
}
