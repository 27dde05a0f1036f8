import { type ClientRequest, request as httpRequest } from "node:http";
import { type Clock, errorMessage } from "../base/index.ts";

/** What a master said. */
export interface MasterAnswer {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
  /** The master that answered, host:port. */
  readonly master: string;
}

/** No master could be asked, or none was able to answer. The message says what each one did. */
export class NoMasterError extends Error {
  override readonly name = "NoMasterError";
}

export interface Question {
  readonly method: "GET" | "POST";
  /** With the query, e.g. /api/v1/instances?limit=5. */
  readonly path: string;
  readonly body?: object;
  /** Sent with every try, so that what is asked is done once. */
  readonly requestId?: string;
}

export interface MasterClientOptions {
  readonly clock: Clock;
  /** host:port each, asked in this order. */
  readonly masters: readonly string[];
  /** All tries together, milliseconds. */
  readonly withinMs: number;
}

/** One try may take so long, milliseconds: a master that stands still leaves time for the others. */
const ONE_TRY_MS = 3000;
/** Between two rounds over all masters, milliseconds. */
const PAUSE_MS = 200;

interface Try extends Question {
  readonly master: string;
  readonly withinMs: number;
  readonly clock: Clock;
}

/** One try at one master. Throws when there is no answer in time. */
async function ask({ master, withinMs, clock, ...question }: Try): Promise<MasterAnswer> {
  const colon = master.lastIndexOf(":");
  const text = question.body === undefined ? "" : JSON.stringify(question.body);
  const call = httpRequest({
    host: master.slice(0, colon).replace(/^\[(.*)\]$/, "$1"),
    port: Number(master.slice(colon + 1)),
    method: question.method,
    path: question.path,
    agent: false,
    headers: {
      ...(text === "" ? {} : { "content-type": "application/json" }),
      "content-length": Buffer.byteLength(text),
      ...(question.requestId === undefined ? {} : { "idempotency-key": question.requestId }),
    },
  });
  const limit = clock.setTimer(withinMs, () => call.destroy(new Error(`no answer in ${withinMs} ms`)));
  try {
    const { status, body } = await read(call, text);
    return { status, body: parsed(body), master };
  } finally {
    limit.cancel();
  }
}

function read(call: ClientRequest, text: string): Promise<{ status: number; body: string }> {
  return new Promise((resolve, reject) => {
    call.on("error", reject);
    call.on("response", (response) => {
      const chunks: Buffer[] = [];
      response.on("error", reject);
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.on("end", () =>
        resolve({ status: response.statusCode ?? 0, body: Buffer.concat(chunks).toString("utf8") }),
      );
    });
    call.end(text);
  });
}

function parsed(text: string): Readonly<Record<string, unknown>> {
  const value: unknown = JSON.parse(text);
  if (typeof value !== "object" || value === null)
    throw new Error(`this is no master: it said ${text.slice(0, 80)}`);
  return value as Readonly<Record<string, unknown>>;
}

/** It may be another one's turn: this master cannot answer now. */
const MAY_BE_ASKED_ELSEWHERE: ReadonlySet<number> = new Set([500, 502, 503, 504]);

function whyNot({ status, body }: MasterAnswer): string {
  const { error } = body;
  const said = typeof error === "object" && error !== null && "message" in error ? String(error.message) : "";
  return `HTTP ${status} ${said}`.trim();
}

/**
 * Asks the masters in turn until one answers, with the same request id every time: a master that died after it had
 * stored the request is no reason to do it twice. Throws NoMasterError.
 */
export async function askMasters(options: MasterClientOptions, question: Question): Promise<MasterAnswer> {
  const { clock, masters, withinMs } = options;
  const deadlineMs = clock.monotonicMs() + withinMs;
  for (;;) {
    const reasons: string[] = [];
    for (const master of masters) {
      const left = Math.max(50, Math.min(ONE_TRY_MS, deadlineMs - clock.monotonicMs()));
      try {
        const answer = await ask({ ...question, master, clock, withinMs: left });
        if (!MAY_BE_ASKED_ELSEWHERE.has(answer.status)) return answer;
        reasons.push(`${master}: ${whyNot(answer)}`);
      } catch (error) {
        reasons.push(`${master}: ${errorMessage(error)}`);
      }
    }
    if (clock.monotonicMs() + PAUSE_MS >= deadlineMs) throw new NoMasterError(reasons.join("\n  "));
    await clock.sleep(PAUSE_MS);
  }
}
