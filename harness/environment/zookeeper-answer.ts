import { connect } from "node:net";
import { type Clock, errorMessage, waitUntil } from "../../src/base/index.ts";
import type { HostPort } from "./service.ts";

const LOOK_LIMIT_MS = 1_000;

/** Sends a four-letter word and returns the whole answer. */
export function askZooKeeper(address: HostPort, word: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let answer = "";
    const socket = connect({ host: address.host, port: address.port });
    socket.setTimeout(LOOK_LIMIT_MS, () => socket.destroy(new Error(`no answer to ${word}`)));
    socket.setEncoding("latin1");
    socket.on("connect", () => socket.write(word));
    socket.on("data", (chunk: string) => {
      answer += chunk;
    });
    socket.on("error", reject);
    socket.on("close", () => resolve(answer));
  });
}

export interface ZooKeeperAnswerOptions {
  readonly address: HostPort;
  readonly clock: Clock;
  readonly withinMs: number;
  /** Ends the wait at once, with this as the reason, when the server cannot come any more. */
  readonly gaveUp?: () => string | undefined;
}

/**
 * Waits until the server says that it serves: `srvr` names its mode. An open port says nothing, since Docker's proxy
 * accepts connections for a server that is not up yet.
 */
export async function waitForZooKeeper(options: ZooKeeperAnswerOptions): Promise<void> {
  const { address, clock, withinMs, gaveUp } = options;
  let last = "nothing yet";
  await waitUntil({
    clock,
    withinMs,
    everyMs: 20,
    describe: `ZooKeeper on ${address.host}:${address.port} to serve`,
    lastSeen: () => last,
    until: async () => {
      const reason = gaveUp?.();
      if (reason !== undefined) throw new Error(reason);
      try {
        last = (await askZooKeeper(address, "srvr")) || "an empty answer";
      } catch (error) {
        last = errorMessage(error);
      }
      return last.includes("Mode:") ? true : undefined;
    },
  });
}
