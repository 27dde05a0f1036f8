import { assertNever } from "../../src/base/index.ts";
import { nodesPath, parseNodeName, REGISTRY_PATHS } from "../../src/model/index.ts";
import type { CaseNodeKind, NodeGroup, Selector } from "../case/resolved-case.ts";
import type { ClusterNode, NodeProcess } from "../cluster/index.ts";
import type { HolderObservation, RegistryRecord } from "../observe/index.ts";
import { targetText } from "./describe.ts";
import type { Look } from "./look-until.ts";
import { type Hit, type Stage, withAddresses } from "./stage.ts";

/**
 * In which state somebody has to be to be meant: to kill somebody who is dead already would prove nothing.
 * - running: has a process, frozen or not
 * - awake: has one that is not frozen
 * - paused: has one that is frozen
 * - ended: has no process
 * - any: whoever it is
 */
export type Wanted = "running" | "awake" | "paused" | "ended" | "any";

/** What a selector is looked up with. */
export interface SelectorScope {
  /** Where the moment happened. */
  readonly it: Hit | undefined;
  readonly wanted: Wanted;
}

type Selection = Look<readonly Hit[]>;
type SelectorStage = Pick<Stage, "cluster" | "observer" | "history" | "random" | "progress">;

const GROUP_KINDS: Readonly<Record<NodeGroup, readonly CaseNodeKind[]>> = {
  masters: ["master"],
  workers: ["worker"],
  alertServers: ["alert-server"],
  nodes: ["master", "worker", "alert-server"],
};

/** Whether the words of a selector name a role, which somebody may come to have, and not a node. */
export function isRole(selector: Selector): boolean {
  switch (selector.kind) {
    case "ownerOf":
    case "runnerOf":
    case "coordinatorOf":
    case "holderOf":
    case "activeOf":
      return true;
    case "list":
      return selector.of.some(isRole);
    case "name":
    case "it":
    case "hitBy":
    case "any":
    case "all":
    case "each":
      return false;
  }
}

/** The nodes of a group, in the order of the case. */
export function nodesOf(stage: Pick<Stage, "cluster">, group: NodeGroup): readonly ClusterNode[] {
  return stage.cluster.nodes.filter((node) => GROUP_KINDS[group].includes(node.entry.kind));
}

function fits(process: NodeProcess, wanted: Wanted): boolean {
  switch (wanted) {
    case "running":
      return process.phase !== "ended";
    case "awake":
      return process.phase !== "ended" && !process.paused;
    case "paused":
      return process.paused;
    case "ended":
      return false;
    case "any":
      return true;
  }
}

/** The node with the process that is meant, or undefined when it is in another state. */
function hitOf(node: ClusterNode, wanted: Wanted): Hit | undefined {
  if (wanted === "ended") {
    return node.running.length === 0 ? { node, process: node.processes.at(-1) } : undefined;
  }
  if (wanted === "any") return { node, process: node.current ?? node.processes.at(-1) };
  const process = node.running.findLast((running) => fits(running, wanted));
  return process && { node, process };
}

/** The process itself where it is in the wanted state, else its node. */
function sameOrNode({ node, process }: Hit, wanted: Wanted): Hit | undefined {
  if (process !== undefined && fits(process, wanted)) return { node, process };
  return hitOf(node, wanted);
}

/** Looks a selector up once: whom it means now, or why nobody. */
export async function select(
  stage: SelectorStage,
  selector: Selector,
  scope: SelectorScope,
): Promise<Selection> {
  const { wanted } = scope;
  const nobody = (why: string): Selection => ({ instead: `${targetText(selector)}: ${why}` });
  const one = (hit: Hit | undefined, why: string): Selection =>
    hit === undefined ? nobody(why) : { found: [hit] };
  switch (selector.kind) {
    case "name":
      return one(hitOf(stage.cluster.node(selector.name), wanted), `has no process that is ${wanted}`);
    case "it":
      return one(scope.it && sameOrNode(scope.it, wanted), `there is none that is ${wanted}`);
    case "ownerOf":
      return heldBy(stage, await stage.observer.ownerOf(selector.instance), { wanted, nobody });
    case "runnerOf":
      return heldBy(stage, await stage.observer.runnerOf(selector.task), { wanted, nobody });
    case "coordinatorOf":
      return one(await coordinatorOf(stage, selector.of, scope), "nobody awake began to fail it over");
    case "holderOf":
      return one(await holderOf(stage, selector.lock, wanted), `nobody that is ${wanted} holds it`);
    case "activeOf":
      return one(await activeOf(stage, selector.role, wanted), `nobody that is ${wanted} is active`);
    case "hitBy": {
      const hits = stage.progress.get(selector.step)?.hits ?? [];
      const found = hits.flatMap((hit) => sameOrNode(hit, wanted) ?? []);
      return found.length === 0 ? nobody(`it hit nobody that is ${wanted}`) : { found };
    }
    case "any":
    case "all":
    case "each":
      return group(stage, selector, scope);
    case "list":
      return list(stage, selector.of, scope);
    default:
      return assertNever(selector, "selector");
  }
}

/** The process that a row names by incarnation; by address where the row knows only that. */
function heldBy(
  stage: SelectorStage,
  holder: HolderObservation | undefined,
  how: { readonly wanted: Wanted; readonly nobody: (why: string) => Selection },
): Selection {
  const { wanted, nobody } = how;
  if (holder === undefined) return nobody("there is no such row");
  const { incarnation, host } = holder;
  const process = incarnation === null ? undefined : stage.cluster.processOf(incarnation);
  if (process !== undefined) {
    const hit = hitOfProcess(stage, process, wanted);
    return hit === undefined ? nobody(`${process.name} (${incarnation}) is not ${wanted}`) : { found: [hit] };
  }
  const node = stage.cluster.nodes.find(({ entry }) => entry.address === host);
  const hit = node && hitOf(node, wanted);
  if (hit !== undefined) return { found: [hit] };
  return nobody(`the row names ${incarnation ?? "nobody"} at ${host ?? "no host"}`);
}

/** A process that was looked up by what it is now: no later one on its address is meant. */
function hitOfProcess(stage: SelectorStage, process: NodeProcess, wanted: Wanted): Hit | undefined {
  const node = stage.cluster.node(process.name);
  if (wanted === "ended") return process.phase === "ended" ? hitOf(node, wanted) : undefined;
  return fits(process, wanted) ? { node, process } : undefined;
}

/** Who began last to fail one of them over. */
async function coordinatorOf(
  stage: SelectorStage,
  of: Selector,
  scope: SelectorScope,
): Promise<Hit | undefined> {
  const dead = await select(stage, of, { ...scope, wanted: "any" });
  if (!("found" in dead)) return undefined;
  const started = stage.history.events().findLast((event) => {
    if (event.source !== "node" || event.type !== "failover.started") return false;
    return dead.found.some(({ node, process }) =>
      process === undefined ? node.entry.address === event.of : process.wasIncarnation(event.ofIncarnation),
    );
  });
  if (started?.source !== "node") return undefined;
  const process = stage.cluster.processOf(started.incarnation);
  return process && hitOfProcess(stage, process, scope.wanted);
}

async function holderOf(stage: SelectorStage, lock: string, wanted: Wanted): Promise<Hit | undefined> {
  const records = await stage.observer.registryPaths("/");
  const path = withAddresses(stage, lock);
  const held = records.find((record) => record.kind === "lock" && record.path === path);
  return held && holderHit(stage, held, { records, wanted });
}

/** The holder by its session, which its own node has too; else by what the lock's value says. */
function holderHit(
  stage: SelectorStage,
  lock: RegistryRecord,
  where: { readonly records: readonly RegistryRecord[]; readonly wanted: Wanted },
): Hit | undefined {
  const { sessionId, value } = lock;
  const own = where.records.find(
    (record) => record.kind === "entry" && sessionId !== null && record.sessionId === sessionId,
  );
  const name = own === undefined ? undefined : parseNodeName(own.path.slice(own.path.lastIndexOf("/") + 1));
  const incarnation = name?.incarnation ?? value.slice(value.lastIndexOf("@") + 1);
  const process = stage.cluster.processOf(incarnation);
  if (process !== undefined) return hitOfProcess(stage, process, where.wanted);
  const node = stage.cluster.nodes.find(({ entry }) => value === entry.address);
  return node && hitOf(node, where.wanted);
}

async function activeOf(
  stage: SelectorStage,
  role: "alertServers" | "coordinator",
  wanted: Wanted,
): Promise<Hit | undefined> {
  const path = role === "coordinator" ? REGISTRY_PATHS.masterFailoverLock : REGISTRY_PATHS.alertLock;
  return holderOf(stage, path, wanted);
}

async function group(
  stage: SelectorStage,
  selector: Extract<Selector, { kind: "any" | "all" | "each" }>,
  scope: SelectorScope,
): Promise<Selection> {
  const excluded =
    selector.except === undefined
      ? { found: [] }
      : await select(stage, selector.except, { ...scope, wanted: "any" });
  if (!("found" in excluded)) return excluded;
  const candidates = nodesOf(stage, selector.group)
    .filter((node) => !excluded.found.some((hit) => hit.node === node))
    .flatMap((node) => hitOf(node, scope.wanted) ?? []);
  if (candidates.length === 0) return { instead: `${targetText(selector)}: none of them is ${scope.wanted}` };
  if (selector.kind !== "any") return { found: candidates };
  return { found: candidates.slice(stage.random.below(candidates.length)).slice(0, 1) };
}

/** All or nobody; who is meant twice is hit once. */
async function list(stage: SelectorStage, of: readonly Selector[], scope: SelectorScope): Promise<Selection> {
  const found: Hit[] = [];
  for (const selector of of) {
    const selection = await select(stage, selector, scope);
    if (!("found" in selection)) return selection;
    const fresh = selection.found.filter(
      (hit) => !found.some((other) => other.node === hit.node && other.process === hit.process),
    );
    found.push(...fresh);
  }
  return { found };
}

/** The entries of a node in the registry. */
export function registeredAs(
  records: readonly RegistryRecord[],
  node: ClusterNode,
): readonly { readonly incarnation: string }[] {
  const folder = `${nodesPath(node.entry.kind)}/`;
  return records.flatMap(({ kind, path }) => {
    if (kind !== "entry" || !path.startsWith(folder)) return [];
    const name = parseNodeName(path.slice(folder.length));
    return name?.address === node.entry.address ? [name] : [];
  });
}
