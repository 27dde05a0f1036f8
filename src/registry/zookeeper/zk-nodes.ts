import { CreateMode } from "node-zookeeper-client";
import { errorCode } from "../../base/index.ts";
import { RegistryError } from "../registry.ts";
import { ZK_CODES, type ZkOperations } from "./zk-operations.ts";
import { ownerOf, type ZkPaths } from "./zk-paths.ts";

/** The node to write, by its full path. */
export interface WantedNode {
  readonly path: string;
  readonly value: string;
  readonly ephemeral: boolean;
  readonly sessionId: string;
}

/** Writers of the same node that get in each other's way that often are a bug of theirs. */
const MOST_ATTEMPTS = 50;

/**
 * Creates the node or changes its value. One that belongs to another session, or is of the other kind, is replaced and
 * not merely changed: otherwise the end of that session would take the new owner's node along.
 */
export async function putNode(operations: ZkOperations, paths: ZkPaths, wanted: WantedNode): Promise<void> {
  for (let attempt = 0; attempt < MOST_ATTEMPTS; attempt += 1) {
    try {
      if (await tryPut(operations, wanted)) return;
    } catch (error) {
      const code = errorCode(error);
      if (code === ZK_CODES.noNode) await createParents(operations, paths, wanted.path);
      else if (code !== ZK_CODES.nodeExists && code !== ZK_CODES.badVersion) throw explained(error, wanted);
    }
  }
  throw new RegistryError("UNAVAILABLE", `${wanted.path} was changed by others at every attempt to put it`);
}

/** False when somebody else was faster, and it has to be looked at again. */
async function tryPut(operations: ZkOperations, wanted: WantedNode): Promise<boolean> {
  const { path } = wanted;
  const data = Buffer.from(wanted.value);
  const mode = wanted.ephemeral ? CreateMode.EPHEMERAL : CreateMode.PERSISTENT;
  const owner = wanted.ephemeral ? wanted.sessionId : null;
  const present = await operations.read(path);
  if (present === undefined) {
    await operations.create(path, data, mode);
    return true;
  }
  const { version } = present.stat;
  if (ownerOf(present.stat) !== owner) {
    await operations.replace(path, { version, data, mode });
    return true;
  }
  // Versions start anew with each creation: the stat of what was written says whose it was.
  return ownerOf(await operations.setData(path, data, version)) === owner;
}

/** Creates every missing node above this one, without data: that marks it as no node of the port. */
export async function createParents(operations: ZkOperations, paths: ZkPaths, path: string): Promise<void> {
  for (const parent of paths.above(path)) {
    try {
      await operations.create(parent, undefined);
    } catch (error) {
      // Created or not: whoever creates below it finds out, and comes here again.
      if (errorCode(error) === "UNKNOWN") return;
      if (errorCode(error) !== ZK_CODES.nodeExists) throw explained(error, { path: parent });
    }
  }
}

/** Removes the node with everything below it. */
export async function deleteNode(operations: ZkOperations, paths: ZkPaths, path: string): Promise<void> {
  for (;;) {
    try {
      await operations.remove(path);
      return;
    } catch (error) {
      const code = errorCode(error);
      if (code === ZK_CODES.noNode) return;
      if (code !== ZK_CODES.notEmpty) throw explained(error, { path });
    }
    const names = (await operations.children(path)) ?? [];
    await Promise.all(names.map((name) => deleteNode(operations, paths, paths.child(path, name))));
  }
}

function explained(error: unknown, node: { readonly path: string }): Error {
  if (error instanceof RegistryError) return error;
  const told = (code: "INVALID" | "UNAVAILABLE", message: string): RegistryError =>
    new RegistryError(code, message, { cause: error });
  const code = errorCode(error);
  if (code === ZK_CODES.noChildrenForEphemerals)
    return told("INVALID", `${node.path} would lie below an ephemeral node`);
  if (code === ZK_CODES.notEmpty)
    return told("INVALID", `${node.path} cannot become ephemeral: nodes lie below it`);
  return told("UNAVAILABLE", `ZooKeeper refused the change of ${node.path}`);
}
