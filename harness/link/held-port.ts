import { createServer, connect as dial, type Server, type Socket } from "node:net";

/** Everything is reached on loopback. */
export const LOOPBACK = "127.0.0.1";

/**
 * A port of 127.0.0.1 that is ours for as long as we want it, and that can stop and start listening in between: only a
 * port without a listener refuses a connection as a dead process does (ECONNREFUSED: "certainly not carried out").
 */
export interface HeldPort {
  readonly port: number;
  /** Listens or refuses from when the promise resolves. Calls are carried out in their order. */
  setListening(listening: boolean): Promise<void>;
  close(): Promise<void>;
}

function listen(port: number, onConnection: (socket: Socket) => void): Promise<Server> {
  return new Promise((resolve, reject) => {
    const server = createServer({ allowHalfOpen: true, pauseOnConnect: true, noDelay: true }, onConnection);
    server.once("error", reject);
    server.listen({ host: LOOPBACK, port }, () => resolve(server));
  });
}

function portOf(server: Server): number {
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("a TCP server has no port");
  return address.port;
}

/**
 * The port stays ours while nothing listens on it because of a connection of ours that stays open on it: the kernel
 * gives the local port of an open connection to nobody else, and lets us listen on it again (SO_REUSEADDR is set).
 */
async function openAnchor(): Promise<{ server: Server; ends: readonly Socket[] }> {
  let accepted: (socket: Socket) => void = () => undefined;
  const inner = new Promise<Socket>((resolve) => {
    accepted = resolve;
  });
  const server = await listen(0, (socket) => accepted(socket));
  const outer = dial({ host: LOOPBACK, port: portOf(server) });
  const failed = new Promise<never>((_, reject) => outer.once("error", reject));
  const ends = [outer, await Promise.race([inner, failed])];
  for (const end of ends) end.on("error", () => undefined);
  return { server, ends };
}

/** Takes a free port. It does not listen yet. */
export async function holdPort(onConnection: (socket: Socket) => void): Promise<HeldPort> {
  const anchor = await openAnchor();
  const port = portOf(anchor.server);
  anchor.server.close();
  let server: Server | undefined;
  let last: Promise<void> = Promise.resolve();

  const apply = async (listening: boolean): Promise<void> => {
    if (listening && server === undefined) {
      server = await listen(port, onConnection);
      server.on("error", () => undefined);
    } else if (!listening && server !== undefined) {
      // Listening ends inside this call; the callback would wait for open connections, which are not ours to end here.
      server.close();
      server = undefined;
    }
  };
  const setListening = (listening: boolean): Promise<void> => {
    const done = last.then(() => apply(listening));
    last = done.catch(() => undefined);
    return done;
  };
  return {
    port,
    setListening,
    async close() {
      await setListening(false);
      for (const end of anchor.ends) end.destroy();
    },
  };
}
