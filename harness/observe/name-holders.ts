import type { RegistryRecord } from "./evidence.ts";

const NODE = /^\/nodes\/[^/]+\/([^/]+@[^/]+)$/;

/**
 * Back ends call the holder of a lock in their own way, or not at all. Whose session it is, the session's own entry
 * says: the holder is then the name of that node, "address@incarnation".
 */
export function nameHolders(records: readonly RegistryRecord[]): readonly RegistryRecord[] {
  const nodes = new Map<string, string>();
  for (const { path, sessionId } of records) {
    const name = NODE.exec(path)?.[1];
    if (name !== undefined && sessionId !== null) nodes.set(sessionId, name);
  }
  return records.map((record) => {
    const holder =
      record.kind === "lock" && record.sessionId !== null ? nodes.get(record.sessionId) : undefined;
    return holder === undefined ? record : { ...record, value: holder };
  });
}
