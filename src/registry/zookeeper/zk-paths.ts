import type { Stat } from "node-zookeeper-client";
import { RESERVED_NAME } from "../registry-path.ts";

/** Where the paths of the port lie in ZooKeeper's tree. */
export class ZkPaths {
  readonly root: string;

  /** `root`: absolute; "" or "/" is ZooKeeper's own root. */
  constructor(root: string) {
    this.root = root === "/" ? "" : root;
  }

  full(path: string): string {
    if (path === "/") return this.root === "" ? "/" : this.root;
    return `${this.root}${path}`;
  }

  /** The path of the port; the inverse of `full`. */
  own(full: string): string {
    const path = full.slice(this.root.length);
    return path === "" ? "/" : path;
  }

  /** The queue of a lock: apart from the nodes, so that no watch and no listing meets it. */
  lock(path: string): string {
    return `${this.root}/${RESERVED_NAME}/${encodeURIComponent(path)}`;
  }

  child(full: string, name: string): string {
    return full === "/" ? `/${name}` : `${full}/${name}`;
  }

  /** Every node above this one, topmost first. */
  above(full: string): readonly string[] {
    const segments = full.split("/").slice(1, -1);
    return segments.map((_, index) => `/${segments.slice(0, index + 1).join("/")}`);
  }
}

/** The session that owns the node, or null; in the form of `GuardedClient.sessionId`. */
export function ownerOf(stat: Stat): string | null {
  const hex = stat.ephemeralOwner.toString("hex");
  return /^0+$/.test(hex) ? null : `0x${hex}`;
}

/** The transaction that created the node: another one for each creation, and growing. */
export function birthOf(stat: Stat): string {
  return `0x${stat.czxid.toString("hex")}`;
}
