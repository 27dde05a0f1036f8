import { waitUntil } from "../../base/index.ts";
import type { RegistryEntry, RegistryEvent, RegistrySession, SessionState, Watch } from "../registry.ts";
import type { RegistryClient, RegistryWorld } from "./world.ts";

/** A process with a session. */
export interface Actor extends RegistryClient {
  readonly session: RegistrySession;
  /** Every state that it was told of. */
  readonly states: readonly SessionState[];
}

export async function enter(world: RegistryWorld): Promise<Actor> {
  const client = await world.createClient();
  const session = await openSession(world, client);
  const states: SessionState[] = [];
  session.onState((state) => states.push(state));
  return { ...client, session, states };
}

export function openSession(world: RegistryWorld, client: RegistryClient): Promise<RegistrySession> {
  return client.registry.open({ sessionTimeoutMs: world.sessionTimeoutMs, withinMs: 5000 });
}

/** What a watch told, in order. */
export interface Record {
  readonly snapshots: (readonly RegistryEntry[])[];
  readonly events: RegistryEvent[];
  readonly watch: Watch;
}

export async function record(session: RegistrySession, prefix: string): Promise<Record> {
  const snapshots: (readonly RegistryEntry[])[] = [];
  const events: RegistryEvent[] = [];
  const watch = await session.watch(prefix, {
    snapshot: (entries) => void snapshots.push(entries),
    event: (event) => void events.push(event),
  });
  return { snapshots, events, watch };
}

/** The tree as the record tells it, by path. */
export function replay({ snapshots, events }: Record): ReadonlyMap<string, string> {
  const tree = new Map((snapshots[0] ?? []).map(({ path, value }) => [path, value]));
  for (const { type, path, value } of events) {
    if (type === "REMOVED") tree.delete(path);
    else tree.set(path, value);
  }
  return tree;
}

/** Waits until it holds, at most as long as the end of a silent session may take. */
export async function until(world: RegistryWorld, describe: string, holds: () => boolean): Promise<void> {
  await waitUntil({
    clock: world.clock,
    until: () => (holds() ? true : undefined),
    withinMs: world.sessionTimeoutMs + world.noticeMs,
    everyMs: 2,
    describe,
  });
}

/** Waits for the n-th event of the record. */
export async function untilEvents(world: RegistryWorld, seen: Record, count: number): Promise<void> {
  await until(world, `${count} events, ${seen.events.length} seen`, () => seen.events.length >= count);
}

/** Lets this part of T pass. For what must *not* happen; everything else waits for what is to happen. */
export async function letPass(world: RegistryWorld, partOfT: number): Promise<void> {
  await world.clock.sleep(world.sessionTimeoutMs * partOfT);
}

/** Keeps the event loop from doing anything, as a process that is starved or stopped. */
export function stall(world: RegistryWorld, partOfT: number): void {
  const endMs = world.clock.monotonicMs() + world.sessionTimeoutMs * partOfT;
  while (world.clock.monotonicMs() < endMs);
}
