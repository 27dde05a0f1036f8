import zookeeper from "node-zookeeper-client";
import { type Clock, errorMessage, waitUntil } from "../../src/base/index.ts";
import type { HostPort } from "./service.ts";

/** The harness's own hand on the shared ZooKeeper: makes and removes the roots of cases. */
export interface ZooKeeperAdmin {
  create(root: string): Promise<void>;
  /** Removes everything below it too. Best effort: the whole server goes at the end of the run. */
  remove(root: string): Promise<void>;
  close(): void;
}

const OPERATION_LIMIT_MS = 10_000;
const SESSION_TIMEOUT_MS = 30_000;

/** Connects at the first use. This server is never broken: cases that break one have their own. */
export function connectZooKeeperAdmin(address: HostPort, clock: Clock): ZooKeeperAdmin {
  let client: zookeeper.Client | undefined;

  const connected = async (): Promise<zookeeper.Client> => {
    if (client === undefined) {
      client = zookeeper.createClient(`${address.host}:${address.port}`, {
        sessionTimeout: SESSION_TIMEOUT_MS,
        retries: 0,
      });
      client.connect();
    }
    const present = client;
    const isConnected = (): true | undefined =>
      present.getState() === zookeeper.State.SYNC_CONNECTED ? true : undefined;
    await waitUntil({
      clock,
      withinMs: OPERATION_LIMIT_MS,
      everyMs: 5,
      describe: "a connection to ZooKeeper",
      until: isConnected,
    });
    return present;
  };

  return {
    async create(root) {
      const present = await connected();
      await settle(clock, `ZooKeeper to create ${root}`, (done) => present.mkdirp(root, done));
    },
    async remove(root) {
      const present = await connected();
      // Nodes of a session that is just ending may appear while the tree is removed: then once more.
      const withinMs = OPERATION_LIMIT_MS;
      let last = "";
      await waitUntil({
        clock,
        withinMs,
        describe: `the removal of ${root}`,
        lastSeen: () => last,
        until: () =>
          settle(clock, `ZooKeeper to remove ${root}`, (done) => removeRecursive(present, root, done)).then(
            () => true as const,
            (error: unknown) => {
              last = errorMessage(error);
              return /NO_NODE/.test(last) ? (true as const) : undefined;
            },
          ),
      });
    },
    close() {
      client?.close();
    },
  };
}

/**
 * Removes a tree, leaves first. The package's own removeRecursive lists one level only and ends in NOT_EMPTY (its
 * listSubTreeBFS walks a copy of the list that it extends; version 1.1.3).
 */
function removeRecursive(client: zookeeper.Client, root: string, done: Done): void {
  client.getChildren(root, (error, children) => {
    if (error) return done(error);
    let left = children.length;
    const removeSelf = (): void => client.remove(root, -1, done);
    if (left === 0) return removeSelf();
    let failed = false;
    for (const child of children) {
      removeRecursive(client, `${root}/${child}`, (failure) => {
        left -= 1;
        if (failed) return;
        // Gone already, with its session: that is what is wanted.
        failed = failure !== null && failure !== undefined && !/NO_NODE/.test(String(failure));
        if (failed) done(failure);
        else if (left === 0) removeSelf();
      });
    }
  });
}

type Done = (error: Error | zookeeper.Exception | null) => void;

/** A call of the client as a promise with a limit: the client itself waits for ever. */
async function settle(clock: Clock, describe: string, call: (done: Done) => void): Promise<void> {
  let outcome: { readonly error: Error | zookeeper.Exception | null } | undefined;
  call((error) => {
    outcome = { error };
  });
  const settled = await waitUntil({
    clock,
    withinMs: OPERATION_LIMIT_MS,
    everyMs: 1,
    describe,
    until: () => outcome,
  });
  if (settled.error) throw new Error(`${describe}: ${String(settled.error)}`);
}
