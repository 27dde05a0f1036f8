import { createServer } from "node:net";
import { createSystemRandom } from "../../src/base/index.ts";
import { environmentError } from "./problems.ts";

/**
 * Below the range from which the system takes ports for outgoing connections: a server that is killed and started again
 * finds its port free.
 */
const FIRST_PORT = 20_000;
const PORTS = 12_000;
const ATTEMPTS = 200;

/** A port of 127.0.0.1 on which nobody listens now. */
export async function freePort(): Promise<number> {
  const random = createSystemRandom();
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const port = FIRST_PORT + random.below(PORTS);
    if (await isFree(port)) return port;
  }
  throw environmentError({
    code: "port-taken",
    what: "no free port of 127.0.0.1 was found",
    why: `${ATTEMPTS} ports between ${FIRST_PORT} and ${FIRST_PORT + PORTS} were tried`,
    fix: "end programs that listen on ports of this range",
  });
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(false));
    server.listen({ host: "127.0.0.1", port, exclusive: true }, () => server.close(() => resolve(true)));
  });
}
