import { type ChildProcess, fork } from "node:child_process";
import { appendFileSync, closeSync, openSync, readFileSync } from "node:fs";
import { type Clock, waitUntil } from "../../src/base/index.ts";
import type { ControlMessage, NodeEvent } from "../../src/model/index.ts";
import type { NodeLife } from "../observe/evidence.ts";
import { createEventLines } from "./event-channel.ts";
import { NodeStartError } from "./node-start-error.ts";
import { processState } from "./process-state.ts";

/**
 * One process life of a node.
 *
 *     started --node.ready--> ready --exit--> ended
 *        `-----------exit-----------------------^
 *
 * Frozen (`paused`) is beside these: a started or ready process may be.
 */
export type ProcessPhase = "started" | "ready" | "ended";

export interface NodeProcessOptions {
  /** Name of the node: "master-1". */
  readonly name: string;
  /** Path of the program, a CommonJS bundle. */
  readonly program: string;
  readonly args: readonly string[];
  /** Environment beside the harness's own. */
  readonly environment: Readonly<Record<string, string>>;
  /** stdout goes to `<output>.out`, stderr to `<output>.err`. */
  readonly output: string;
  readonly clock: Clock;
  /** Monotonic instant from which the times of the record count. */
  readonly originMs: number;
  readonly onEvent: (event: NodeEvent) => void;
}

/** How long a signal may take to show in /proc. */
const SIGNAL_LIMIT_MS = 2000;
/** How long the event channel may stay open after the exit: only a child that inherited it would hold it. */
const DRAIN_LIMIT_MS = 500;
/** How many of the last lines of stderr a message quotes. */
const QUOTED_LINES = 5;

/** The handle of a process: its phase, its signals with their proof, its record. */
export class NodeProcess {
  readonly name: string;
  readonly pid: number;
  /** Resolves when it is gone (collected by us, its parent) and all its events have been read. Never rejects. */
  readonly ended: Promise<void>;
  readonly #child: ChildProcess;
  readonly #options: NodeProcessOptions;
  readonly #incarnations: string[] = [];
  readonly #pauses: { fromMs: number; toMs: number | undefined }[] = [];
  readonly #startedAtMs: number;
  #phase: ProcessPhase = "started";
  #readyAtMs: number | undefined;
  #endedAtMs: number | undefined;
  #endedBy: string | undefined;
  #exit: { code: number | null; signal: string | null } | undefined;
  #listenPort: number | undefined;
  #announceReady: () => void = () => undefined;
  readonly #ready: Promise<void>;

  constructor(options: NodeProcessOptions) {
    this.name = options.name;
    this.#options = options;
    this.#startedAtMs = this.#nowMs();
    this.#child = spawnNode(options);
    // A program that could not be spawned has no pid; 'error' ends it at once.
    this.pid = this.#child.pid ?? -1;
    this.#ready = new Promise((resolve) => {
      this.#announceReady = resolve;
    });
    this.ended = this.#watch();
  }

  /** Resolves when it is ready or ended, whichever comes first. */
  get settled(): Promise<void> {
    return Promise.race([this.#ready, this.ended]);
  }

  get phase(): ProcessPhase {
    return this.#phase;
  }

  /** It was frozen by `pause` and not resumed. */
  get paused(): boolean {
    return this.#phase !== "ended" && this.#pauses.at(-1)?.toMs === undefined && this.#pauses.length > 0;
  }

  /** The port that it reported in `node.ready`. */
  get listenPort(): number | undefined {
    return this.#listenPort;
  }

  /** Its newest incarnation; empty before its first event. */
  get incarnation(): string {
    return this.#incarnations.at(-1) ?? "";
  }

  /** It has, or had, this incarnation. */
  wasIncarnation(incarnation: string): boolean {
    return this.#incarnations.includes(incarnation);
  }

  /** Resolves at its `node.ready`. Throws NodeStartError when it ended before, or the limit is over. */
  async ready(withinMs: number): Promise<void> {
    const limit = new AbortController();
    const late = this.#options.clock.sleep(withinMs, limit.signal);
    await Promise.race([this.#ready, this.ended, late]);
    limit.abort();
    if (this.#readyAtMs !== undefined) return;
    throw new NodeStartError({
      node: this.name,
      waitedMs: withinMs,
      exit: this.#exit,
      lastLines: this.stderrLines().slice(-QUOTED_LINES),
    });
  }

  send(message: ControlMessage): void {
    if (!this.#child.connected) return;
    // The channel may close between the look and the send; then the process is going, and its record says so.
    this.#child.send(message, () => undefined);
  }

  /** SIGKILL; resolves when it is gone. `by` is the step that did it. */
  async kill(by?: string): Promise<void> {
    this.#blame(by);
    this.#signal("SIGKILL");
    await this.ended;
  }

  /** SIGTERM. Resolves true when it went within the limit, else it is killed: false. */
  async stop(options: { readonly withinMs: number; readonly by?: string | undefined }): Promise<boolean> {
    this.#blame(options.by);
    this.#signal("SIGTERM");
    const limit = new AbortController();
    await Promise.race([this.ended, this.#options.clock.sleep(options.withinMs, limit.signal)]);
    limit.abort();
    if (this.phase === "ended") return true;
    await this.kill();
    return false;
  }

  /** SIGSTOP; resolves when the kernel says that it is stopped. Throws WaitTimeoutError. */
  async pause(): Promise<void> {
    this.#signal("SIGSTOP");
    await this.#untilState("stopped", (state) => state === "T");
    if (!this.paused) this.#pauses.push({ fromMs: this.#nowMs(), toMs: undefined });
  }

  /** SIGCONT; resolves when the kernel says that it runs. Throws WaitTimeoutError. */
  async resume(): Promise<void> {
    this.#signal("SIGCONT");
    await this.#untilState("running", (state) => state !== undefined && state !== "T");
    this.#closePause();
  }

  /** The step that will be the cause of its end, when the process ends itself (failpoint `die`). */
  blame(by: string): void {
    this.#blame(by);
  }

  /** The lines of its stderr so far. */
  stderrLines(): readonly string[] {
    const text = readFileSync(`${this.#options.output}.err`, "utf8");
    return text.split("\n").filter((line) => line.trim() !== "");
  }

  record(): NodeLife {
    return {
      pid: this.pid,
      incarnation: this.#incarnations[0] ?? "",
      startedAtMs: this.#startedAtMs,
      readyAtMs: this.#readyAtMs,
      endedAtMs: this.#endedAtMs,
      exitCode: this.#exit?.code ?? undefined,
      signal: this.#exit?.signal ?? undefined,
      endedBy: this.#endedBy,
      pauses: this.#pauses.map((pause) => ({ ...pause })),
    };
  }

  #nowMs(): number {
    return this.#options.clock.monotonicMs() - this.#options.originMs;
  }

  #blame(by: string | undefined): void {
    if (this.#phase !== "ended") this.#endedBy ??= by;
  }

  /** Signals only a process that is still our child: its pid cannot have gone to somebody else. */
  #signal(signal: NodeJS.Signals): void {
    if (this.#exit === undefined) this.#child.kill(signal);
  }

  #closePause(): void {
    const last = this.#pauses.at(-1);
    if (last !== undefined) last.toMs ??= this.#nowMs();
  }

  async #untilState(describe: string, holds: (state: string | undefined) => boolean): Promise<void> {
    await waitUntil({
      clock: this.#options.clock,
      until: () => holds(processState(this.pid)) || undefined,
      withinMs: SIGNAL_LIMIT_MS,
      everyMs: 1,
      describe: `${this.name} (pid ${this.pid}) to be ${describe}`,
      lastSeen: () => `process state ${processState(this.pid) ?? "gone"}`,
    });
  }

  async #watch(): Promise<void> {
    const drained = this.#readEvents();
    this.#exit = await new Promise((resolve) => {
      this.#child.once("exit", (code, signal) => resolve({ code, signal }));
      this.#child.once("error", (error) => {
        appendFileSync(`${this.#options.output}.err`, `${error.message}\n`);
        if (this.#child.pid === undefined) resolve({ code: null, signal: null });
      });
    });
    const limit = new AbortController();
    await Promise.race([drained, this.#options.clock.sleep(DRAIN_LIMIT_MS, limit.signal)]);
    limit.abort();
    this.#closePause();
    this.#endedAtMs = this.#nowMs();
    this.#phase = "ended";
  }

  /** Resolves when the channel is closed. */
  #readEvents(): Promise<void> {
    const channel = this.#child.stdio[3];
    if (channel === null || channel === undefined || !("read" in channel)) return Promise.resolve();
    const lines = createEventLines((line) =>
      appendFileSync(`${this.#options.output}.err`, `unreadable event: ${line}\n`),
    );
    channel.on("data", (chunk: Buffer) => {
      for (const event of lines.take(chunk)) this.#take(event);
    });
    return new Promise((resolve) => {
      channel.once("close", () => resolve());
      channel.once("error", () => resolve());
    });
  }

  #take(event: NodeEvent): void {
    // Before a process has taken its incarnation its events carry none.
    const known = event.incarnation === "" || this.#incarnations.includes(event.incarnation);
    if (!known) this.#incarnations.push(event.incarnation);
    if (event.type === "node.ready") {
      this.#listenPort = event.listenPort;
      this.#readyAtMs ??= this.#nowMs();
      if (this.#phase === "started") this.#phase = "ready";
    }
    this.#options.onEvent(event);
    if (event.type === "node.ready") this.#announceReady();
  }
}

function spawnNode(options: NodeProcessOptions): ChildProcess {
  const files = [openSync(`${options.output}.out`, "a"), openSync(`${options.output}.err`, "a")] as const;
  // What a debugger or a coverage tool tells the harness's own Node is not meant for the nodes.
  const { NODE_OPTIONS: _ours, ...inherited } = process.env;
  try {
    return fork(options.program, [...options.args], {
      // Its own process group: Ctrl-C at the terminal is for the harness, which ends its nodes in its own order.
      detached: true,
      execArgv: [],
      env: { ...inherited, ...options.environment, FAILOVER_EVENTS_FD: "3" },
      stdio: ["ignore", ...files, "pipe", "ipc"],
    });
  } finally {
    for (const file of files) closeSync(file);
  }
}
