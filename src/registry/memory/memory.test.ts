import { createSystemClock, createSystemRandom } from "../../base/index.ts";
import type { RegistryClient, RegistryWorld } from "../contract/world.ts";
import { describeRegistryContract } from "../registry.contract.ts";
import { MemoryRegistry, MemoryRegistryServer } from "./index.ts";

function createWorld(): Promise<RegistryWorld> {
  const ports = { clock: createSystemClock(), random: createSystemRandom() };
  const server = new MemoryRegistryServer(ports);
  const registries: MemoryRegistry[] = [];
  const createClient = (): Promise<RegistryClient> => {
    const registry = new MemoryRegistry({ server, ...ports });
    registries.push(registry);
    return Promise.resolve({
      registry,
      kill: () => registry.close(),
      freeze: () => registry.setWire("frozen"),
      cut: () => registry.setWire("cut"),
      heal: () => registry.setWire("open"),
    });
  };
  const close = async (): Promise<void> => {
    for (const registry of registries) await registry.close();
    // A server that is down has no timers.
    server.setMode("down");
  };
  return Promise.resolve({ clock: ports.clock, sessionTimeoutMs: 300, noticeMs: 300, createClient, close });
}

describeRegistryContract("memory", createWorld);
