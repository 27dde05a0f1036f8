import { randomUUID } from "node:crypto";
import zookeeper from "node-zookeeper-client";
import { type Clock, errorMessage, ReleaseStack } from "../../src/base/index.ts";
import type { RegistryConfig } from "../../src/config/index.ts";
import { createLink, type Link } from "../link/index.ts";
import { mendZookeeperClient } from "../observe/index.ts";
import type { RegistryWriter } from "./registry-writer.ts";

type ZookeeperConfig = Extract<RegistryConfig, { kind: "zookeeper" }>;

const LIMIT_MS = 5000;
/** Where the scheduler queues for its locks, apart from its nodes: a folder for each, named by its path. */
const LOCK_QUEUES = ".locks";
/** Nothing of this session is to outlive it; long enough for a slow machine. */
const WRITER_SESSION_MS = 10_000;

/**
 * Own client of ZooKeeper. A session that dies is one whose connection fell silent: the client library can only close a
 * session or come back to it, so a link in between swallows what it says.
 */
export function createZookeeperWriter(config: ZookeeperConfig, clock: Clock): RegistryWriter {
  const releases = new ReleaseStack();
  const root = config.root === "/" ? "" : config.root;
  let own: Promise<zookeeper.Client> | undefined;
  return {
    async putPersistent(entries) {
      if (entries.length === 0) return;
      own ??= connect(config.servers, WRITER_SESSION_MS, clock);
      const client = await own;
      releases.push("ZooKeeper session", () => client.close());
      for (const { path, value } of entries) {
        await createParents(client, root + path, clock);
        await create(client, { path: root + path, value, mode: zookeeper.CreateMode.PERSISTENT }, clock);
      }
    },
    async leaveBehind({ holder, sessionTimeoutMs, entries, locks }) {
      const link = await linkTo(config.servers, clock);
      releases.push("link of a dying session", () => link.close());
      const client = await connect(`127.0.0.1:${link.port}`, sessionTimeoutMs, clock);
      const { EPHEMERAL, EPHEMERAL_SEQUENTIAL } = zookeeper.CreateMode;
      const nodes = [
        ...entries.map(({ path, value }) => ({ path: root + path, value, mode: EPHEMERAL })),
        ...locks.map((path) => ({
          path: `${root}/${LOCK_QUEUES}/${encodeURIComponent(path)}/${randomUUID()}-`,
          value: holder,
          mode: EPHEMERAL_SEQUENTIAL,
        })),
      ];
      for (const node of nodes) {
        await createParents(client, node.path, clock);
        await create(client, node, clock);
      }
      await link.setMode({ kind: "drop", direction: "both" });
      // Its farewell gets nowhere: the session lives on at the server until it times out there.
      client.close();
    },
    close: () => releases.release().catch(() => undefined),
  };
}

async function linkTo(servers: string, clock: Clock): Promise<Link> {
  const [host = "127.0.0.1", port = "2181"] = (servers.split(",")[0] ?? "").trim().split(":");
  return createLink({ name: "dying session", target: () => ({ host, port: Number(port) }), clock });
}

function connect(servers: string, sessionTimeout: number, clock: Clock): Promise<zookeeper.Client> {
  const client = zookeeper.createClient(servers, { sessionTimeout, retries: 0 });
  mendZookeeperClient(client);
  return answered(clock, "a connection", (done) => {
    client.once("connected", () => done(undefined, client));
    client.connect();
  });
}

async function createParents(client: zookeeper.Client, path: string, clock: Clock): Promise<void> {
  const parent = path.slice(0, path.lastIndexOf("/"));
  if (parent === "") return;
  await answered<undefined>(clock, `folder ${parent}`, (done) => {
    client.mkdirp(parent, (error) => done(error ?? undefined, undefined));
  });
}

interface NewNode {
  readonly path: string;
  readonly value: string;
  readonly mode: number;
}

function create(client: zookeeper.Client, node: NewNode, clock: Clock): Promise<undefined> {
  return answered<undefined>(clock, `node ${node.path}`, (done) => {
    client.create(node.path, Buffer.from(node.value), node.mode, (error) =>
      done(error ?? undefined, undefined),
    );
  });
}

/** The library knows no deadline of its own. */
function answered<T>(
  clock: Clock,
  what: string,
  ask: (done: (error: unknown, value: T) => void) => void,
): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = clock.setTimer(LIMIT_MS, () =>
      reject(new Error(`ZooKeeper did not answer within ${LIMIT_MS} ms: ${what}`)),
    );
    ask((error, value) => {
      timer.cancel();
      if (error === undefined) resolve(value);
      else reject(new Error(`ZooKeeper refused ${what}: ${errorMessage(error)}`));
    });
  });
}
