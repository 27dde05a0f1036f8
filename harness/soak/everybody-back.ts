import { type Clock, WaitTimeoutError, waitUntil } from "../../src/base/index.ts";
import type { Cluster } from "../cluster/index.ts";
import type { Finding } from "../expect/index.ts";
import { ObservationError, type Observer } from "../observe/index.ts";

/** Starts and the ends of old sessions take their time on a busy machine. */
const WITHIN_MS = 30_000;
const NODE_ENTRY = /^\/nodes\/(master|worker)\/([^@/]+)@[^/]+$/;

/** Every node has to be registered, with one life. Gives what is missing, or too much. */
export async function everybodyBack(
  { cluster, observer }: { readonly cluster: Cluster; readonly observer: Observer },
  clock: Clock,
  signal: AbortSignal,
): Promise<readonly Finding[]> {
  const wanted = cluster.roster.entries.map(({ kind, address }) => `${kind} ${address}`).toSorted();
  let registered: readonly string[] = [];
  const look = async (): Promise<true | undefined> => {
    try {
      registered = (await observer.registryPaths("/nodes")).flatMap(({ path }) => {
        const [, kind, address] = NODE_ENTRY.exec(path) ?? [];
        return kind === undefined ? [] : [`${kind} ${address}`];
      });
    } catch (error) {
      if (!(error instanceof ObservationError)) throw error;
      return undefined;
    }
    return registered.toSorted().join() === wanted.join() ? true : undefined;
  };
  try {
    await waitUntil({ clock, until: look, withinMs: WITHIN_MS, everyMs: 200, describe: "all nodes", signal });
    return [];
  } catch (error) {
    if (!(error instanceof WaitTimeoutError)) throw error;
    const message = `registered are ${registered.join(", ") || "none"}; it should be ${wanted.join(", ")}`;
    return [{ kind: "expectation", code: "soak", pointer: "/inject", message }];
  }
}
