import type { NodeKind } from "../model/index.ts";
import type { FailoverRow, ServerRow } from "../store/index.ts";

/** What this master saw of the cluster when it looked, and since when. */
export interface ReconcileInput {
  readonly me: string;
  /** Standing rows of t_ds_server, read before the registry's view was taken. */
  readonly servers: readonly ServerRow[];
  /** Incarnations in the registry. */
  readonly registered: ReadonlySet<string>;
  readonly failovers: readonly FailoverRow[];
  /** How long each of these things has been standing still before this master's eyes, milliseconds. */
  readonly standingMs: (key: string) => number;
  /** A life that does not get beyond JOINING for so long is dead. */
  readonly joinLimitMs: number;
  /** A sweep that does not move for so long is taken over although its rescuer lives. */
  readonly rescueStallMs: number;
}

export type ReconcileAction =
  | { readonly kind: "suspect"; readonly server: ServerRow }
  | { readonly kind: "adopt"; readonly failover: FailoverRow }
  /** A failover of this master's own that nobody works at: after an error. */
  | { readonly kind: "resume"; readonly failover: FailoverRow };

/** Names a state of affairs: when it changes, the time it has been standing still begins anew. */
export function joiningKey(server: ServerRow): string {
  return `joining ${server.incarnation}`;
}

export function sweepKey(failover: FailoverRow): string {
  return `sweep ${failover.incarnation} ${failover.token} ${failover.cursorId} ${failover.workflows}`;
}

function planServer(input: ReconcileInput, server: ServerRow): readonly ReconcileAction[] {
  if (server.incarnation === input.me || input.registered.has(server.incarnation)) return [];
  const joins = server.state === "JOINING" && input.standingMs(joiningKey(server)) < input.joinLimitMs;
  return joins ? [] : [{ kind: "suspect", server }];
}

function planFailover(input: ReconcileInput, failover: FailoverRow): readonly ReconcileAction[] {
  if (failover.rescuer === input.me) return [{ kind: "resume", failover }];
  const rescuerLives = input.servers.some(
    (server) => server.incarnation === failover.rescuer && server.state === "ALIVE",
  );
  // A worker's failover stands still as long as its owners need: only a sweep can be stuck.
  const stuck = failover.kind === "master" && input.standingMs(sweepKey(failover)) >= input.rescueStallMs;
  return rescuerLives && !stuck ? [] : [{ kind: "adopt", failover }];
}

/** What a look at database and registry side by side leads to. A registered life is never touched, however busy. */
export function planReconciliation(input: ReconcileInput): readonly ReconcileAction[] {
  return [
    ...input.servers.flatMap((server) => planServer(input, server)),
    ...input.failovers.flatMap((failover) => planFailover(input, failover)),
  ];
}

/** Title and content of the alert of a failover, the content in the form of DolphinScheduler's alert plug-ins. */
export function failoverAlert(subject: {
  readonly kind: NodeKind;
  readonly address: string;
  readonly incarnation: string | null;
  readonly workflows: number;
  readonly tasks: number;
}): { readonly title: string; readonly content: string; readonly signature: string } {
  const { kind, address, incarnation, workflows, tasks } = subject;
  return {
    title: `Fault tolerance warning: ${kind} ${address}`,
    // A server that dies again and again is told of once inside the window, though each death is another.
    signature: `failover ${kind} ${address}`,
    content: JSON.stringify([
      {
        type: kind.toUpperCase(),
        host: address,
        event: "FAILOVER",
        warningLevel: "SERIOUS",
        incarnation,
        workflows,
        tasks,
      },
    ]),
  };
}
