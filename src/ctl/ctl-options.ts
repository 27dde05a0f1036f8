import { InvalidArgumentError } from "commander";

/** Options of every command. */
export interface CommonOptions {
  readonly master: readonly string[];
  readonly json: boolean;
  readonly timeout: number;
}

/** Options of what changes something. */
export interface OrderOptions extends CommonOptions {
  readonly requestId?: string;
  /** True: as long as it takes; a number of seconds; absent: do not wait. */
  readonly wait?: true | number;
}

/** Options of starts, repeats and recoveries. */
export interface RunFlags extends OrderOptions {
  readonly param?: Readonly<Record<string, string>>;
  readonly from?: readonly string[];
  readonly depend?: string;
  readonly priority?: string;
  readonly workerGroup?: string;
  readonly failureStrategy?: string;
  readonly dryRun?: boolean;
}

const ADDRESS = /^(\[[0-9a-fA-F:]+\]|[^:\s]+):(\d{1,5})$/;

/** `--master HOST:PORT[,HOST:PORT]`, several times. */
export function readMasters(text: string, before: readonly string[] = []): readonly string[] {
  const given = text
    .split(",")
    .map((one) => one.trim())
    .filter((one) => one !== "");
  for (const one of given) {
    const port = Number(ADDRESS.exec(one)?.[2] ?? 0);
    if (port < 1 || port > 65_535)
      throw new InvalidArgumentError(`${one} is no address: write HOST:PORT, for example 10.0.0.1:5678.`);
  }
  return [...before, ...given];
}

/** `--param NAME=VALUE`, several times. */
export function readParam(
  text: string,
  before: Readonly<Record<string, string>> = {},
): Readonly<Record<string, string>> {
  const at = text.indexOf("=");
  if (at <= 0) throw new InvalidArgumentError("Write NAME=VALUE.");
  return { ...before, [text.slice(0, at)]: text.slice(at + 1) };
}

/** `--from A,B`: names or codes of tasks. */
export function readNames(text: string, before: readonly string[] = []): readonly string[] {
  return [...before, ...text.split(",").filter((name) => name !== "")];
}

/** Seconds, more than none. */
export function readSeconds(text: string): number {
  const seconds = Number(text);
  if (Number.isFinite(seconds) && seconds > 0) return seconds;
  throw new InvalidArgumentError("Write a number of seconds.");
}

/** The id of an instance. */
export function readInstanceId(text: string): number {
  const id = Number(text);
  if (Number.isInteger(id) && id > 0) return id;
  throw new InvalidArgumentError("It is a whole number: `failover ctl list` shows the ids.");
}

/** A word in whatever case, as the API wants it. */
export function readWord(words: readonly string[]): (text: string) => string {
  return (text) => {
    const word = words.find((one) => one.toLowerCase() === text.toLowerCase());
    if (word !== undefined) return word;
    throw new InvalidArgumentError(`Choose one of ${words.join(", ").toLowerCase()}.`);
  };
}

const DEPEND: Readonly<Record<string, string>> = { only: "TASK_ONLY", pre: "TASK_PRE", post: "TASK_POST" };
export const DEPEND_WORDS: readonly string[] = Object.keys(DEPEND);

/** The body of a start, repeat or recovery: only what was said. */
export function bodyOf(flags: RunFlags): Readonly<Record<string, unknown>> {
  const { param, from, depend, priority, workerGroup, failureStrategy, dryRun } = flags;
  const all = {
    params: param,
    startNodes: from,
    taskDependType: depend === undefined ? undefined : DEPEND[depend],
    priority,
    workerGroup,
    failureStrategy,
    dryRun,
  };
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined));
}
