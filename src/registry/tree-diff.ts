import type { RegistryEntry, RegistryEvent } from "./registry.ts";

/** A node as a back end saw it. */
export interface TreeNode extends RegistryEntry {
  /** Another one for each creation of the path: a node that went and came again between two looks is noticed. */
  readonly birth: string;
}

export type Tree = ReadonlyMap<string, TreeNode>;

/**
 * What happened between two looks at a tree: removals first, then what is new or changed, each by path. Several changes
 * of one node between the looks are one event; a put of the same value is none.
 */
export function diffTrees(before: Tree, after: Tree): readonly RegistryEvent[] {
  const removed: RegistryEvent[] = [];
  const arrived: RegistryEvent[] = [];
  for (const node of before.values()) {
    if (after.get(node.path)?.birth !== node.birth) removed.push(eventOf("REMOVED", node));
  }
  for (const node of after.values()) {
    const old = before.get(node.path);
    if (old?.birth !== node.birth) arrived.push(eventOf("ADDED", node));
    else if (old.value !== node.value) arrived.push(eventOf("UPDATED", node));
  }
  return [...removed.sort(byPath), ...arrived.sort(byPath)];
}

/** The node without what only back ends need. */
export function entryOf(node: RegistryEntry): RegistryEntry {
  return { path: node.path, value: node.value, sessionId: node.sessionId };
}

export function byPath(left: { readonly path: string }, right: { readonly path: string }): number {
  if (left.path === right.path) return 0;
  return left.path < right.path ? -1 : 1;
}

function eventOf(type: RegistryEvent["type"], node: TreeNode): RegistryEvent {
  return { type, ...entryOf(node) };
}
