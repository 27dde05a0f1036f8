import type { Socket } from "node:net";
import { type Client, createClient, Exception } from "node-zookeeper-client";
import type { Clock, Random, Timer } from "../../base/index.ts";

export interface GuardedClientOptions {
  /** host:port,host:port */
  readonly servers: string;
  /** T to ask for; the server may grant another one. */
  readonly timeoutMs: number;
  readonly clock: Clock;
  readonly random: Random;
  /** A session stands on the present connection, by a handshake that was sent then. */
  readonly connected: (sentMs: number) => void;
  readonly disconnected: () => void;
  /** The server said that the session is over. */
  readonly expired: () => void;
}

/** The parts of node-zookeeper-client 1.1.3 that are its own affair, and that we have to reach into. */
interface ConnectionManager {
  state: number;
  socket: Socket | undefined;
  pendingBuffer: Buffer | null;
  connectTimeoutHandler: NodeJS.Timeout | null;
  readonly servers: readonly object[];
  readonly packetQueue: { shift(): { callback?: (error: Error) => void } | undefined };
  findNextServer(callback: (server: object | undefined) => void): void;
  onSocketConnected(): void;
  onSocketData(data: Buffer): void;
  onSocketClosed(hadError: boolean): void;
  getSessionId(): Buffer;
  getSessionTimeout(): number;
}

const CLOSING = -1;
const CONNECTED = 2;

/** Shortest limit of an attempt to connect, milliseconds. */
const LEAST_ATTEMPT_MS = 100;

/**
 * node-zookeeper-client with its defects mended (the numbers are those of the survey that found them):
 * no limit on silence (Z1) or on the handshake (Z2); half a frame kept over a reconnect, which breaks every later frame
 * and then the process (Z3); requests never called back after an expiry (Z4); closing before it is connected throws
 * (Z7); retries create nodes twice (Z8: there are none). One object is one session (Z5).
 */
export class GuardedClient {
  readonly zk: Client;
  readonly #options: GuardedClientOptions;
  readonly #manager: ConnectionManager;
  #attempts = 0;
  #nextServer: number;
  #attempt: Timer | undefined;
  #handshakeSentMs = 0;
  #heardMs: number;
  #over = false;

  constructor(options: GuardedClientOptions) {
    const { servers, timeoutMs } = options;
    this.#options = options;
    this.#heardMs = options.clock.monotonicMs();
    this.zk = createClient(servers, { sessionTimeout: timeoutMs, retries: 0 });
    this.#manager = (this.zk as unknown as { connectionManager: ConnectionManager }).connectionManager;
    this.#nextServer = options.random.below(this.#manager.servers.length);
    this.#mend();
    this.zk.on("connected", () => this.#connected());
    this.zk.on("disconnected", () => {
      if (!this.#over) options.disconnected();
    });
    this.zk.on("expired", () => {
      if (this.#over) return;
      this.destroy();
      options.expired();
    });
    this.zk.connect();
  }

  /** T as granted, once connected. */
  get timeoutMs(): number {
    return this.#manager.getSessionTimeout();
  }

  get sessionId(): string {
    return `0x${this.#manager.getSessionId().toString("hex")}`;
  }

  get isConnected(): boolean {
    return this.#manager.state === CONNECTED;
  }

  /** Since when nothing has come from the server, on the monotonic clock. */
  get heardMs(): number {
    return this.#heardMs;
  }

  /** Drops the present connection, and connects again, to the next server. */
  reconnect(): void {
    this.#manager.socket?.destroy();
  }

  /** Ends the session on the server, or leaves it at that when the server does not answer within the limit. */
  async close(limitMs: number): Promise<void> {
    const { socket } = this.#manager;
    if (this.#over || socket === undefined || !this.isConnected) return this.destroy();
    this.#over = true;
    const closed = new AbortController();
    socket.once("close", () => closed.abort());
    this.zk.close();
    await this.#options.clock.sleep(limitMs, closed.signal);
    this.destroy();
  }

  /** Drops everything without a word, as the death of the process would. */
  destroy(): void {
    this.#over = true;
    this.#attempt?.cancel();
    // So that the end of the socket is not taken for a reason to connect again.
    this.#manager.state = CLOSING;
    this.#manager.socket?.destroy();
    this.#forgetConnectTimer();
    this.#failQueue();
  }

  #connected(): void {
    this.#attempt?.cancel();
    this.#attempts = 0;
    if (!this.#over) this.#options.connected(this.#handshakeSentMs);
  }

  #mend(): void {
    const manager = this.#manager;
    const { clock } = this.#options;
    const connectedAsBefore = manager.onSocketConnected.bind(manager);
    const dataAsBefore = manager.onSocketData.bind(manager);
    const closedAsBefore = manager.onSocketClosed.bind(manager);
    manager.findNextServer = (callback) => this.#findNextServer(callback);
    manager.onSocketConnected = () => {
      this.#handshakeSentMs = clock.monotonicMs();
      connectedAsBefore();
    };
    manager.onSocketData = (data) => {
      this.#heardMs = clock.monotonicMs();
      try {
        dataAsBefore(data);
      } catch {
        // What cannot be read is the end of this connection, not of the process.
        manager.pendingBuffer = null;
        manager.socket?.destroy();
      }
    };
    manager.onSocketClosed = (hadError) => {
      manager.pendingBuffer = null;
      this.#attempt?.cancel();
      this.#forgetConnectTimer();
      closedAsBefore(hadError);
    };
  }

  /** The first attempt at once, the next ones after a random pause: a server that comes back meets no stampede. */
  #findNextServer(callback: (server: object | undefined) => void): void {
    if (this.#over) return;
    const { clock, random, timeoutMs } = this.#options;
    const { servers } = this.#manager;
    const server = servers[this.#nextServer % servers.length];
    this.#nextServer += 1;
    const pauseMs = this.#attempts < servers.length ? 0 : 10 + random.next() * (timeoutMs / 20);
    this.#attempts += 1;
    this.#attempt = clock.setTimer(pauseMs, () => {
      if (this.#over) return;
      callback(server);
      const limitMs = Math.max(timeoutMs / 5, LEAST_ATTEMPT_MS);
      this.#attempt = clock.setTimer(limitMs, () => this.#manager.socket?.destroy());
    });
  }

  /** Its timer would otherwise destroy the socket of a later attempt. */
  #forgetConnectTimer(): void {
    if (this.#manager.connectTimeoutHandler !== null) clearTimeout(this.#manager.connectTimeoutHandler);
    this.#manager.connectTimeoutHandler = null;
  }

  #failQueue(): void {
    for (;;) {
      const packet = this.#manager.packetQueue.shift();
      if (packet === undefined) return;
      packet.callback?.(connectionLoss());
    }
  }
}

function connectionLoss(): Error {
  const error = new Error("the connection to ZooKeeper is closed");
  return Object.assign(error, { code: Exception.CONNECTION_LOSS });
}
