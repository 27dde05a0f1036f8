import { connect, createServer, type Server, type Socket } from "node:net";
import { required } from "../../base/index.ts";

type Mode = "open" | "frozen" | "cut";

interface Pair {
  readonly near: Socket;
  far: Socket | undefined;
  stranded: boolean;
}

/**
 * A TCP connection's way to a server, for tests. Frozen, nothing passes, and nothing is lost: as with a server that was
 * stopped, or packets that are dropped until the link heals. Cut, connections are reset and refused.
 */
export class TcpGate {
  readonly #target: { readonly host: string; readonly port: number };
  readonly #pairs = new Set<Pair>();
  readonly #server: Server;
  #mode: Mode = "open";
  #tearing = false;

  constructor(target: { readonly host: string; readonly port: number }) {
    this.#target = target;
    // Half-open, so that an end passes through like everything else, and not while it is frozen.
    this.#server = createServer({ allowHalfOpen: true, pauseOnConnect: true }, (near) => this.#accept(near));
  }

  async listen(): Promise<number> {
    await new Promise<void>((resolve) => this.#server.listen(0, "127.0.0.1", resolve));
    const address = this.#server.address();
    return typeof address === "object" ? required(address, "address of the gate").port : 0;
  }

  freeze(): void {
    this.#mode = "frozen";
    for (const { near, far } of this.#pairs) for (const socket of [near, far]) socket?.pause();
  }

  cut(): void {
    this.#mode = "cut";
    for (const pair of this.#pairs) this.#drop(pair);
  }

  /** Lets half of the next answer through, and then breaks its connection. */
  tear(): void {
    this.#tearing = true;
  }

  /** The present connections fall silent for good; what their ends do is not passed on. */
  strand(): void {
    for (const pair of this.#pairs) {
      pair.stranded = true;
      for (const socket of [pair.near, pair.far]) socket?.pause();
    }
  }

  open(): void {
    this.#mode = "open";
    for (const pair of this.#pairs) {
      if (pair.stranded) continue;
      if (pair.far === undefined) this.#join(pair);
      for (const socket of [pair.near, pair.far]) socket?.resume();
    }
  }

  async close(): Promise<void> {
    this.cut();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }

  #accept(near: Socket): void {
    const pair: Pair = { near, far: undefined, stranded: false };
    this.#pairs.add(pair);
    near.on("error", () => this.#drop(pair));
    near.on("close", () => this.#drop(pair));
    if (this.#mode === "cut") this.#drop(pair);
    if (this.#mode === "open") this.#join(pair);
  }

  #join(pair: Pair): void {
    const { near } = pair;
    const far = connect({ ...this.#target, allowHalfOpen: true });
    pair.far = far;
    far.on("error", () => this.#drop(pair));
    far.on("close", () => this.#drop(pair));
    near.on("data", (data) => far.write(data));
    far.on("data", (data) => this.#passAnswer(pair, data));
    near.on("end", () => far.end());
    far.on("end", () => near.end());
    near.resume();
  }

  #passAnswer(pair: Pair, data: Buffer): void {
    if (!this.#tearing) return void pair.near.write(data);
    this.#tearing = false;
    pair.near.write(data.subarray(0, data.length >> 1), () => this.#drop(pair));
  }

  #drop(pair: Pair): void {
    this.#pairs.delete(pair);
    pair.near.destroy();
    pair.far?.destroy();
  }
}
