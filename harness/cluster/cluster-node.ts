import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Clock } from "../../src/base/index.ts";
import { type Endpoint, type HeldPort, holdPort, type LinkMap } from "../link/index.ts";
import type { History, LogLine, NodeRecord, ProcessRecord } from "../observe/index.ts";
import { nodeConfiguration } from "./node-configuration.ts";
import { NodeProcess } from "./node-process.ts";
import type { RosterEntry } from "./roster.ts";

/** What all nodes of a cluster have in common. */
export interface NodeSurroundings {
  /** The node program: dist/node.cjs. */
  readonly program: string;
  /** Where the nodes keep their data, configuration and output: `<directory>/<name>/`. */
  readonly directory: string;
  /** Environment of every process beside the harness's own. */
  readonly environment: Readonly<Record<string, string>>;
  readonly clock: Clock;
  readonly history: History;
  /** How long a process may take to its `node.ready`. */
  readonly readyWithinMs: number;
  /** Told of every new process at once, before it has done anything. */
  readonly onLaunch: (process: NodeProcess, node: ClusterNode) => void;
}

interface Life {
  readonly process: NodeProcess;
  /** The port that was chosen for it: it is reached there from its first moment on, not only when it is ready. */
  readonly port: number;
}

/** How a new process starts beside those that were. */
export interface LifeOptions {
  /**
   * An own data directory, as on another machine: what `replace` means. With its predecessor's it would have to refuse,
   * since that one still lives.
   */
  readonly elsewhere: boolean;
}

/** Pause between two looks at whether a step has hit a process that starts. */
const LOOK_EVERY_MS = 10;
/** Pause between two starts of a process that exits again and again by itself. */
const RESPAWN_PAUSE_MS = 100;

/** A node of the case: its address, and the processes that it was and is. */
export class ClusterNode {
  readonly entry: RosterEntry;
  readonly #around: NodeSurroundings;
  readonly #links: () => LinkMap;
  readonly #lives: Life[] = [];
  #dataDirectory: string;
  #closing = false;

  constructor(entry: RosterEntry, around: NodeSurroundings, links: () => LinkMap) {
    this.entry = entry;
    this.#around = around;
    this.#links = links;
    this.#dataDirectory = join(this.directory, "data");
  }

  get name(): string {
    return this.entry.name;
  }

  get directory(): string {
    return join(this.#around.directory, this.name);
  }

  /** All its processes, the newest last. */
  get processes(): readonly NodeProcess[] {
    return this.#lives.map((life) => life.process);
  }

  /** Those that have not ended. */
  get running(): readonly NodeProcess[] {
    return this.processes.filter((process) => process.phase !== "ended");
  }

  /** The newest process, if it has not ended. */
  get current(): NodeProcess | undefined {
    return this.running.at(-1);
  }

  /** Where the links to it lead: to the newest process of the address. */
  target(): Endpoint | undefined {
    const life = this.#lives.findLast(({ process }) => process.phase !== "ended");
    return life && { host: "127.0.0.1", port: life.process.listenPort ?? life.port };
  }

  /** Starts a process and waits until it is ready. Throws NodeStartError. */
  async start(options: LifeOptions = { elsewhere: false }): Promise<NodeProcess> {
    const process = await this.launch(options);
    await process.ready(this.#around.readyWithinMs);
    return process;
  }

  /** The same, but a process that somebody has hit on purpose meanwhile need not get ready. Throws NodeStartError. */
  async startUnless(isHit: (process: NodeProcess) => boolean): Promise<void> {
    const process = await this.launch();
    const known = new AbortController();
    const hit = this.#untilHit(() => isHit(process), known.signal);
    try {
      await Promise.race([process.ready(this.#around.readyWithinMs), hit]);
    } catch (error) {
      if (!isHit(process)) throw error;
    } finally {
      known.abort();
    }
  }

  async #untilHit(isHit: () => boolean, known: AbortSignal): Promise<void> {
    while (!isHit() && !known.aborted) await this.#around.clock.sleep(LOOK_EVERY_MS, known);
  }

  /** Starts a process without waiting for anything. */
  async launch(options: LifeOptions = { elsewhere: false }): Promise<NodeProcess> {
    // Ours until the process is there: nobody else can take it in between, and it can listen on it all the same.
    const reserved = await holdPort(() => undefined);
    if (this.#closing) {
      await reserved.close();
      throw new Error(`${this.name} cannot start: the cluster is shutting down`);
    }
    const number = this.#lives.length + 1;
    mkdirSync(this.directory, { recursive: true });
    if (options.elsewhere) this.#dataDirectory = join(this.directory, `data-${number}`);
    const life = { process: this.#spawn(number, reserved.port), port: reserved.port };
    this.#lives.push(life);
    this.#around.onLaunch(life.process, this);
    await this.#links().retarget(this.name);
    // A respawn that fails leaves the node gone, which its record shows.
    this.#follow(life.process, reserved).catch(() => undefined);
    return life.process;
  }

  /** Ends all its processes, frozen ones too, and starts none any more. */
  async shutdown(): Promise<void> {
    this.#closing = true;
    await Promise.all(this.running.map((process) => process.kill()));
  }

  record(): NodeRecord {
    const { name, kind, address } = this.entry;
    return { name, kind, address, lives: this.processes.map((process) => process.record()) };
  }

  /** Its processes as `expect.processes` looks at them: one record for each life. */
  processRecords(): readonly ProcessRecord[] {
    return this.processes.map((process) => {
      const { exitCode, signal } = process.record();
      const ended = signal === undefined ? "exited" : "killed";
      return { node: this.name, status: process.phase === "ended" ? ended : "running", exitCode };
    });
  }

  /** What its processes logged, and the lines of their stderr, which have no time: they stand at the life's start. */
  logs(): readonly LogLine[] {
    const lines: LogLine[] = [];
    for (const event of this.#around.history.events()) {
      if (event.source !== "node" || event.nodeName !== this.name || event.type !== "log") continue;
      lines.push({ atMs: event.atMs, level: event.level, message: event.message });
    }
    for (const process of this.processes) {
      const { startedAtMs } = process.record();
      lines.push(...process.stderrLines().map((message) => ({ atMs: startedAtMs, level: "error", message })));
    }
    return lines.toSorted((a, b) => a.atMs - b.atMs);
  }

  #spawn(number: number, listenPort: number): NodeProcess {
    const { program, environment, clock, history } = this.#around;
    const configFile = join(this.directory, `config-${number}.json`);
    const endpoints = this.#links().endpoints(this.name);
    const place = { endpoints, listenPort, dataDirectory: this.#dataDirectory };
    writeFileSync(configFile, `${JSON.stringify(nodeConfiguration(this.entry, place), null, 2)}\n`);
    return new NodeProcess({
      name: this.name,
      program,
      args: [this.entry.kind, "--config", configFile],
      environment,
      output: join(this.directory, String(number)),
      clock,
      originMs: history.startMonoMs,
      onEvent: (event) => history.addNodeEvent(this.name, event),
    });
  }

  /** Keeps the links right while a process lives, and starts the next one when it left by itself. */
  async #follow(process: NodeProcess, reserved: HeldPort): Promise<void> {
    await process.settled;
    await reserved.close();
    if (process.phase !== "ended") await this.#links().retarget(this.name);
    await process.ended;
    await this.#links().retarget(this.name);
    if (!this.entry.settings.respawn || process.record().endedBy !== undefined) return;
    await this.#around.clock.sleep(RESPAWN_PAUSE_MS);
    // Looked at after the pause: a step may have started it meanwhile, or the case may be over.
    if (!this.#closing && this.current === undefined) await this.launch();
  }
}
