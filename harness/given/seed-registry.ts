import { assertNever, type Clock, required } from "../../src/base/index.ts";
import type { RegistryConfig } from "../../src/config/index.ts";
import { failoverMarkerPath, nodePath } from "../../src/model/index.ts";
import { createJdbcWriter } from "./jdbc-writer.ts";
import type { DyingSession, RegistryEntrySeed, RegistryWriter } from "./registry-writer.ts";
import type { PastLife, SeedContext } from "./seed-context.ts";
import { withAddresses } from "./seed-row.ts";
import { createZookeeperWriter } from "./zookeeper-writer.ts";

export interface RegistryPlan {
  readonly persistent: readonly RegistryEntrySeed[];
  readonly dying: readonly DyingSession[];
}

/** What the section `registry` of a case puts there. Pure. */
export function planRegistry(context: SeedContext): RegistryPlan {
  const { registry, cluster } = context.case;
  const lifeOf = (name: string): PastLife => required(context.past[name], `the past of ${name}`);
  const holders = new Set([...registry.registered, ...Object.values(registry.locks)]);
  const dying = [...holders].map((name): DyingSession => {
    const life = lifeOf(name);
    const node = required(
      cluster.nodes.find((candidate) => candidate.name === name),
      name,
    );
    const entry = {
      path: nodePath(life.kind, life.address, life.incarnation),
      value: JSON.stringify(heartbeatOf(life)),
    };
    return {
      holder: life.address,
      sessionTimeoutMs: node.settings.sessionTimeoutMs,
      entries: registry.registered.includes(name) ? [entry] : [],
      locks: Object.entries(registry.locks).flatMap(([path, holder]) =>
        holder === name ? [withAddresses(path, context.addresses)] : [],
      ),
    };
  });
  const markers = registry.markers.map((name) => {
    const life = lifeOf(name);
    return {
      path: failoverMarkerPath(life.address, life.startupTime, life.incarnation),
      value: String(context.nowMs),
    };
  });
  const entries = Object.entries(registry.entries).map(([path, value]) => ({
    path: withAddresses(path, context.addresses),
    value: withAddresses(value, context.addresses),
  }));
  return { persistent: [...markers, ...entries], dying };
}

/** What a node keeps at its place in the registry. */
function heartbeatOf(life: PastLife): object {
  return {
    incarnation: life.incarnation,
    address: life.address,
    pid: 1,
    startupTime: life.startupTime,
    sessionNo: 1,
    status: "NORMAL",
  };
}

/** Carries the plan out. Throws what the registry says when it does not take it. */
export async function seedRegistry(plan: RegistryPlan, config: RegistryConfig, clock: Clock): Promise<void> {
  if (plan.persistent.length === 0 && plan.dying.length === 0) return;
  const writer = createWriter(config, clock);
  try {
    await writer.putPersistent(plan.persistent);
    for (const session of plan.dying) await writer.leaveBehind(session);
  } finally {
    await writer.close();
  }
}

function createWriter(config: RegistryConfig, clock: Clock): RegistryWriter {
  switch (config.kind) {
    case "jdbc":
      return createJdbcWriter(config);
    case "zookeeper":
      return createZookeeperWriter(config, clock);
    default:
      return assertNever(config, "registry");
  }
}
