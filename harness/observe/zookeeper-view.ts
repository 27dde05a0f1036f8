import { Socket } from "node:net";
import zookeeper from "node-zookeeper-client";
import { type Clock, errorMessage } from "../../src/base/index.ts";
import type { RegistryConfig } from "../../src/config/index.ts";
import { ObservationError } from "./database.ts";
import type { RegistryRecord } from "./evidence.ts";
import { mendZookeeperClient } from "./mend-zookeeper-client.ts";
import type { RegistryView, RegistryViewOptions } from "./registry-view.ts";

type ZookeeperConfig = Extract<RegistryConfig, { kind: "zookeeper" }>;

const DEFAULT_DEADLINE_MS = 2000;
/** Long: the judge's session owns nothing, and should live over whatever is done to the nodes. */
const SESSION_TIMEOUT_MS = 30_000;
/** A queued request for a lock: an ephemeral sequential node, "<something>-<ten digits>". */
const LOCK_REQUEST = /^(.*)\/[^/]*-(\d{10})$/;

/**
 * The client library knows no deadline, hangs after a reconnect in mid-frame and cannot be used again after an expiry
 * (reference/ecosystem.md 1.2, Z1 to Z5). So each answer has its own limit here, and a client that once failed or lost
 * its connection is thrown away.
 */
export function createZookeeperView(config: ZookeeperConfig, options: RegistryViewOptions): RegistryView {
  const { clock, deadlineMs = DEFAULT_DEADLINE_MS } = options;
  let connection: Promise<Connection> | undefined;
  let isClosed = false;

  const drop = async (dropped: Promise<Connection>): Promise<void> => {
    // Of several looks that fail at once, only the first still finds the connection that failed.
    if (connection === dropped) connection = undefined;
    await dropped.then((open) => open.close()).catch(() => undefined);
  };
  const root = config.root === "/" ? "" : config.root;

  return {
    async tree() {
      if (isClosed) throw new ObservationError("the judge's view of the registry is closed");
      connection ??= connect(config.servers, { clock, deadlineMs });
      const used = connection;
      try {
        return translateLocks(await readTree(await used, root));
      } catch (error) {
        void drop(used);
        throw new ObservationError(`ZooKeeper does not answer the judge: ${errorMessage(error)}`, {
          cause: error,
        });
      }
    },
    async close() {
      isClosed = true;
      if (connection !== undefined) await drop(connection);
    },
  };
}

interface RawNode {
  readonly path: string;
  readonly value: string;
  readonly sessionId: string | null;
}

interface Connection {
  /** Undefined: no such node (any more). */
  data(path: string): Promise<RawNode | undefined>;
  children(path: string): Promise<readonly string[]>;
  /** Ends the session and the connection; never throws, and does not wait for a server that is silent. */
  close(): Promise<void>;
}

interface ConnectOptions {
  readonly clock: Clock;
  readonly deadlineMs: number;
}

/** How long a server may take to see the session off. */
const FAREWELL_MS = 300;

function connect(servers: string, options: ConnectOptions): Promise<Connection> {
  const client = zookeeper.createClient(servers, { sessionTimeout: SESSION_TIMEOUT_MS, retries: 0 });
  mendZookeeperClient(client);
  const close = async (): Promise<void> => {
    const left = new AbortController();
    client.once("disconnected", () => left.abort());
    try {
      client.close();
      await options.clock.sleep(FAREWELL_MS, left.signal);
    } catch {
      // The library cannot close what is not connected; the socket is what matters then.
    }
    destroySocket(client);
  };
  return within<Connection>(options, "a connection", (done) => {
    client.once("connected", () => done(null, operationsOf(client, options, close)));
    client.connect();
  }).catch((error: unknown) => {
    void close();
    throw error;
  });
}

/** The library leaves the socket of a server that never answered open for ever; it is not in its types. */
function destroySocket(client: object): void {
  const manager = "connectionManager" in client ? client.connectionManager : undefined;
  if (typeof manager !== "object" || manager === null || !("socket" in manager)) return;
  if (manager.socket instanceof Socket) manager.socket.destroy();
}

function operationsOf(
  client: zookeeper.Client,
  limits: ConnectOptions,
  close: () => Promise<void>,
): Connection {
  return {
    close,
    data: (path) =>
      within<RawNode | undefined>(limits, `the data of ${path}`, (done) => {
        client.getData(path, (error, data: unknown, stat) => {
          if (isNoNode(error)) return done(null, undefined);
          if (error) return done(error, undefined);
          const owner = stat.ephemeralOwner.toString("hex");
          const value = Buffer.isBuffer(data) ? data.toString("utf8") : "";
          done(null, { path, value, sessionId: /^0*$/.test(owner) ? null : owner });
        });
      }),
    children: (path) =>
      within<readonly string[]>(limits, `the children of ${path}`, (done) => {
        client.getChildren(path, (error, names) => {
          if (isNoNode(error)) return done(null, []);
          if (error) return done(error, []);
          done(null, names);
        });
      }),
  };
}

function isNoNode(error: unknown): boolean {
  return (
    typeof error === "object" &&
    error !== null &&
    "code" in error &&
    error.code === zookeeper.Exception.NO_NODE
  );
}

type Done<T> = (error: unknown, value: T) => void;

function within<T>(limits: ConnectOptions, what: string, start: (done: Done<T>) => void): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = limits.clock.setTimer(limits.deadlineMs, () =>
      reject(new Error(`no answer for ${what} within ${limits.deadlineMs} ms`)),
    );
    start((error, value) => {
      timer.cancel();
      if (error === null) resolve(value);
      else reject(error instanceof Error ? error : new Error(errorMessage(error)));
    });
  });
}

/** Level by level; ephemeral nodes have no children, so that they need not be asked. */
async function readTree(connection: Connection, root: string): Promise<readonly RawNode[]> {
  const found: RawNode[] = [];
  let level: readonly string[] = [""];
  while (level.length > 0) {
    const names = await Promise.all(
      level.map(async (at) => ({ at, names: await connection.children(root + at || "/") })),
    );
    const paths = names.flatMap(({ at, names: below }) => below.map((name) => `${at}/${name}`));
    const nodes = await Promise.all(paths.map((path) => connection.data(root + path)));
    const present = nodes
      .filter((node) => node !== undefined)
      .map((node) => ({ ...node, path: node.path.slice(root.length) }));
    found.push(...present);
    level = present.filter((node) => node.sessionId === null).map((node) => node.path);
  }
  return found;
}

/**
 * Of the requests for a lock, the one with the lowest number holds it; the others wait and are nobody's business.
 * Folders (persistent, without a value) only hold what is below them: other back ends have none.
 */
export function translateLocks(nodes: readonly RawNode[]): readonly RegistryRecord[] {
  const holders = new Map<string, { readonly node: RawNode; readonly sequence: number }>();
  const entries: RegistryRecord[] = [];
  for (const node of nodes) {
    const [, queue, digits] = (node.sessionId === null ? null : LOCK_REQUEST.exec(node.path)) ?? [];
    if (queue === undefined) {
      const isFolder = node.sessionId === null && node.value === "";
      if (!isFolder) entries.push({ ...node, ephemeral: node.sessionId !== null, kind: "entry" });
      continue;
    }
    const sequence = Number(digits);
    const first = holders.get(queue);
    if (first === undefined || sequence < first.sequence) holders.set(queue, { node, sequence });
  }
  const locks = [...holders].map(
    ([queue, { node }]): RegistryRecord => ({ ...node, path: lockOf(queue), ephemeral: true, kind: "lock" }),
  );
  return [...entries, ...locks].sort(byPath);
}

/** A queue is a folder of its own with the lock's path as its name, or the path itself. */
function lockOf(queue: string): string {
  const name = queue.slice(queue.lastIndexOf("/") + 1);
  return name.startsWith("%2F") ? decodeURIComponent(name) : queue;
}

const byPath = (one: RegistryRecord, other: RegistryRecord): number => (one.path < other.path ? -1 : 1);
