import { createSystemClock } from "../../base/index.ts";
import type { Registry } from "../registry.ts";
import { TcpGate } from "./tcp-gate.ts";
import type { RegistryClient, RegistryWorld } from "./world.ts";

export interface GatedClient extends RegistryClient {
  /** The next answer comes only half, and breaks its connection. */
  tear(): void;
  /** The present connections fall silent for good, without breaking; new ones work. */
  strand(): void;
}

export interface GatedWorld extends RegistryWorld {
  createClient(): Promise<GatedClient>;
}

/** A world around a real server: every client reaches it through a gate of its own. */
export async function createGatedWorld(options: {
  readonly host: string;
  readonly port: number;
  readonly sessionTimeoutMs: number;
  readonly noticeMs: number;
  /** A client that reaches the server at this port of 127.0.0.1. */
  readonly createRegistry: (port: number) => Registry;
  readonly cleanUp: () => Promise<void>;
}): Promise<GatedWorld> {
  const { host, port, sessionTimeoutMs, noticeMs, createRegistry, cleanUp } = options;
  const gates: TcpGate[] = [];
  const registries: Registry[] = [];
  const createClient = async (): Promise<GatedClient> => {
    const gate = new TcpGate({ host, port });
    gates.push(gate);
    const registry = createRegistry(await gate.listen());
    registries.push(registry);
    return {
      registry,
      kill: () => registry.close(),
      freeze: () => gate.freeze(),
      cut: () => gate.cut(),
      heal: () => gate.open(),
      tear: () => gate.tear(),
      strand: () => gate.strand(),
    };
  };
  const close = async (): Promise<void> => {
    for (const registry of registries) await registry.close();
    for (const gate of gates) await gate.close();
    await cleanUp();
  };
  return Promise.resolve({ clock: createSystemClock(), sessionTimeoutMs, noticeMs, createClient, close });
}
