import type { FailpointName } from "../../src/base/index.ts";
import type { Cluster, ClusterNode, NodeProcess } from "../cluster/index.ts";

/** What processes are told to do at a failpoint. */
export interface ArmRequest {
  readonly at: FailpointName;
  readonly do: "hold" | "delay" | "fail" | "die";
  /** Only the nth time in each process, from 1; every time when absent. */
  readonly nth?: number | undefined;
  readonly delayMs?: number | undefined;
  /** Which processes; those that start later are asked about, too. */
  readonly on: (process: NodeProcess, node: ClusterNode) => boolean;
}

/** A failpoint that is armed on some processes. */
export interface Arming {
  /** Names it in `failpoint.reached`. */
  readonly id: number;
  /** Lets one go on that is held. */
  release(process: NodeProcess, holdId: number): void;
  /** Takes the arming away everywhere but on `keep`, and lets those go on that are held there. */
  disarm(keep?: NodeProcess): void;
}

/** The armed failpoints of a cluster. */
export interface Armings {
  arm(request: ArmRequest): Arming;
}

/** Arms processes that run, and those that start as long as the arming stands. To be made before the cluster starts. */
export function createArmings(cluster: Pick<Cluster, "nodes" | "onLaunch">): Armings {
  const standing = new Map<number, (process: NodeProcess, node: ClusterNode) => void>();
  let lastId = 0;
  cluster.onLaunch((process, node) => {
    for (const arm of standing.values()) arm(process, node);
  });
  return {
    arm({ on, ...what }) {
      lastId += 1;
      const armId = lastId;
      const message = {
        kind: "arm-failpoint",
        armId,
        at: what.at,
        do: what.do,
        ...(what.nth === undefined ? {} : { nth: what.nth }),
        ...(what.delayMs === undefined ? {} : { delayMs: what.delayMs }),
      } as const;
      const armed = new Set<NodeProcess>();
      const armOne = (process: NodeProcess, node: ClusterNode): void => {
        if (!on(process, node)) return;
        armed.add(process);
        process.send(message);
      };
      standing.set(armId, armOne);
      for (const node of cluster.nodes) for (const process of node.running) armOne(process, node);
      return {
        id: armId,
        release: (process, holdId) => process.send({ kind: "release-failpoint", holdId }),
        disarm(keep) {
          standing.delete(armId);
          for (const process of armed) {
            if (process !== keep) process.send({ kind: "disarm-failpoint", armId });
          }
        },
      };
    },
  };
}
