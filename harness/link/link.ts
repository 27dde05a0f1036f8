import { connect as dial, type Socket } from "node:net";
import type { Clock } from "../../src/base/index.ts";
import { cutSocket } from "./cut-socket.ts";
import { holdPort, LOOPBACK } from "./held-port.ts";
import { type Direction, joinSockets, type Wire } from "./wire.ts";

/** Where something listens really. */
export interface Endpoint {
  readonly host: string;
  readonly port: number;
}

/**
 * What a link does:
 * - pass: moves bytes.
 * - refuse: new connections are refused at once, as by a host without a listener; open ones are reset.
 * - drop: falls silent, both ways or one way; nothing is closed. New connections are taken (the kernel does that) and
 *   get nowhere. Bytes that were sent meanwhile arrive when it passes again, as TCP would send them again.
 */
export type LinkMode =
  | { readonly kind: "pass" }
  | { readonly kind: "refuse" }
  | { readonly kind: "drop"; readonly direction: Direction | "both" };

export interface LinkCounters {
  /** Bytes in each direction since the link was made. */
  readonly toTarget: number;
  readonly fromTarget: number;
  /** Connections that were taken since the link was made, and those that are open now. */
  readonly accepted: number;
  readonly open: number;
  /** Monotonic instant of the last byte that passed, either way; undefined before the first. */
  readonly lastByteAtMs: number | undefined;
}

/** A TCP proxy on one edge: a port of 127.0.0.1 that leads to a target which may change, and that can be broken. */
export interface Link {
  readonly name: string;
  readonly port: number;
  readonly mode: LinkMode;
  /** Resolves when the mode rules: when a refusing link does not listen any more, a passing one listens. */
  setMode(mode: LinkMode): Promise<void>;
  /** Asks for the target again: without one the link refuses. To be called when it came, went or moved. */
  retarget(): Promise<void>;
  /** Resets all open connections; returns how many. New ones are served as the mode says. */
  resetConnections(): number;
  counters(): LinkCounters;
  /** Stops listening and resets what is open. Idempotent. */
  close(): Promise<void>;
}

export interface LinkOptions {
  /** "master-1 to registry": for messages. */
  readonly name: string;
  /** Asked at each new connection, and at `retarget`. Undefined: nobody is there. */
  readonly target: () => Endpoint | undefined;
  readonly clock: Clock;
}

interface Connection {
  readonly client: Socket;
  /** Undefined while it was not let through to the target. */
  wire: Wire | undefined;
}

function isOpen(mode: LinkMode, direction: Direction): boolean {
  switch (mode.kind) {
    case "pass":
      return true;
    case "refuse":
      return false;
    case "drop":
      return mode.direction !== "both" && mode.direction !== direction;
  }
}

class TcpLink implements Link {
  readonly name: string;
  mode: LinkMode = { kind: "pass" };
  readonly #options: LinkOptions;
  readonly #connections = new Set<Connection>();
  readonly #traffic: Record<Direction, number> = { toTarget: 0, fromTarget: 0 };
  #accepted = 0;
  #lastByteAtMs: number | undefined;
  #held: Awaited<ReturnType<typeof holdPort>> | undefined;
  #closed = false;

  constructor(options: LinkOptions) {
    this.name = options.name;
    this.#options = options;
  }

  async open(): Promise<void> {
    this.#held = await holdPort((client) => this.#take(client));
    await this.retarget();
  }

  get port(): number {
    if (this.#held === undefined) throw new Error(`link ${this.name} has no port yet`);
    return this.#held.port;
  }

  async setMode(mode: LinkMode): Promise<void> {
    this.mode = mode;
    await this.retarget();
    if (mode.kind === "refuse") this.resetConnections();
    for (const connection of this.#connections) this.#apply(connection);
  }

  async retarget(): Promise<void> {
    const serves = this.mode.kind !== "refuse" && this.#options.target() !== undefined;
    await this.#held?.setListening(serves && !this.#closed);
  }

  resetConnections(): number {
    const open = [...this.#connections];
    for (const { client, wire } of open) {
      cutSocket(client);
      wire?.reset();
    }
    return open.length;
  }

  counters(): LinkCounters {
    return {
      ...this.#traffic,
      accepted: this.#accepted,
      open: this.#connections.size,
      lastByteAtMs: this.#lastByteAtMs,
    };
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#held?.close();
    this.resetConnections();
  }

  /** A connection came. It was accepted paused: nothing is read before it may pass. */
  #take(client: Socket): void {
    client.on("error", () => undefined);
    if (this.#closed || this.mode.kind === "refuse") {
      cutSocket(client);
      return;
    }
    this.#accepted += 1;
    const connection: Connection = { client, wire: undefined };
    this.#connections.add(connection);
    client.once("close", () => {
      // With a wire, the connection is over when both of its sockets are.
      if (connection.wire === undefined) this.#connections.delete(connection);
    });
    this.#apply(connection);
  }

  /** Makes a connection behave as the mode says; dials the target when it is let through for the first time. */
  #apply(connection: Connection): void {
    const toTarget = isOpen(this.mode, "toTarget");
    if (connection.wire === undefined && toTarget) this.#letThrough(connection);
    connection.wire?.setOpen("toTarget", toTarget);
    connection.wire?.setOpen("fromTarget", isOpen(this.mode, "fromTarget"));
  }

  #letThrough(connection: Connection): void {
    const endpoint = this.#options.target();
    if (endpoint === undefined || connection.client.destroyed) {
      cutSocket(connection.client);
      return;
    }
    const target = dial({ ...endpoint, allowHalfOpen: true, noDelay: true });
    target.on("error", () => undefined);
    target.pause();
    connection.wire = joinSockets(
      { client: connection.client, target },
      {
        moved: (direction, bytes) => {
          this.#traffic[direction] += bytes;
          this.#lastByteAtMs = this.#options.clock.monotonicMs();
        },
        ended: () => this.#connections.delete(connection),
      },
    );
  }
}

/** Makes a link that passes. Throws when no port can be had. */
export async function createLink(options: LinkOptions): Promise<Link> {
  const link = new TcpLink(options);
  await link.open();
  return link;
}

/** The address to dial to go through a link. */
export function linkAddress(link: Link): string {
  return `${LOOPBACK}:${link.port}`;
}
