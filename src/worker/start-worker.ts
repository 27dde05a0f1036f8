import type { NodeConfig } from "../config/index.ts";
import {
  claimDataDirectory,
  createNodePages,
  loadOfThisMachine,
  type NodePorts,
  type RunningNode,
} from "../node/index.ts";
import { createRegistry } from "../registry/open-registry.ts";
import { createHttpRpcClient, createHttpRpcServer } from "../rpc/http/index.ts";
import { startGuardedProcesses } from "../task/process/index.ts";
import { Worker } from "./worker.ts";

/**
 * Puts a worker together from its configuration and starts it: registered, and taking work, when it resolves. Throws
 * ConfigError when its data directory is in use, another error when it cannot listen or the registry does not answer.
 */
export async function startWorker(config: NodeConfig, ports: NodePorts): Promise<RunningNode> {
  const { clock, random, guardPath, environment } = ports;
  const { address, dataDirectory, listen, dial } = config;
  const incarnation = random.uuid();
  const directory = await claimDataDirectory({ directory: dataDirectory, address, incarnation, clock });
  let broken: (reason: string) => void = () => undefined;
  const onBroken = (reason: string): void => broken(reason);
  // Its guard gets ready while this process registers.
  const guarded = { dataDirectory, clock, guardPath, environment, onBroken, waitUntilReady: false };
  const processes = await startGuardedProcesses(guarded);
  const worker = new Worker({
    config,
    ports,
    incarnation,
    predecessors: directory.predecessor?.incarnations.slice(-1) ?? [],
    directory,
    processes,
    load: loadOfThisMachine(config, clock),
    registry: createRegistry(config.registry, { clock, random }),
    rpc: createHttpRpcClient({ dial, clock }),
    serve: (handlers) => {
      const pages = createNodePages({
        kind: "worker",
        address,
        health: () => worker.health,
        gauges: () => worker.gauges(),
        figures: ports.figures,
      });
      return createHttpRpcServer({ listen, handlers, pages, clock });
    },
  });
  broken = (reason) => void worker.fail(reason);
  await worker.start();
  return worker;
}
