import path from "node:path";
import { errorMessage, required } from "../base/index.ts";
import type { NodeConfig } from "../config/index.ts";
import { ConfigError, configParserFor, loadNodeConfig } from "./load-node-config.ts";
import { createNodePorts, type NodePorts, type RunningNode } from "./node-ports.ts";

/** Exit codes of a node's process (docs/architecture.md). */
const EXIT = { stopped: 0, gaveUp: 1, badConfiguration: 2, unreachable: 3 } as const;

/** A node that stops has closed everything so long after its grace, or it never will. */
const OVERDUE_AFTER_MS = 2000;

/** Starts a node of one kind. Throws ConfigError, or anything else when registry or database cannot be reached. */
export type StartNode = (config: NodeConfig, ports: NodePorts) => Promise<RunningNode>;

/**
 * The life of a node's process: configuration, start, signals, end. Resolves with its exit code. The guard's program
 * stands beside this one.
 */
export async function runNode(
  kind: NodeConfig["kind"],
  start: StartNode,
  configFile: string,
): Promise<number> {
  let config: NodeConfig;
  try {
    config = loadNodeConfig(configFile, await configParserFor(configFile));
    if (config.kind !== kind) {
      throw new ConfigError(
        `${configFile} is for a ${config.kind}; start it as one, or set "kind" to "${kind}"`,
      );
    }
  } catch (error) {
    return complain(error, EXIT.badConfiguration);
  }
  const program = required(process.argv[1], "the path of this program");
  const ports = createNodePorts({
    address: config.address,
    guardPath: path.join(path.dirname(program), "guard.cjs"),
    log: config.log,
  });
  try {
    return await live(start, config, ports);
  } catch (error) {
    return complain(error, error instanceof ConfigError ? EXIT.badConfiguration : EXIT.unreachable);
  }
}

async function live(start: StartNode, config: NodeConfig, ports: NodePorts): Promise<number> {
  const stopping = whenAskedToStop();
  const overdue = stopping.then(() => ports.clock.sleep(config.timing.shutdownGraceMs + OVERDUE_AFTER_MS));
  const node = await Promise.race([start(config, ports), overdue]);
  // Asked to stop before it had started, by somebody who shall not wait for a registry that does not answer.
  if (node === undefined) return EXIT.stopped;
  void stopping.then(() => node.stop());
  const end = await Promise.race([node.ended, overdue]);
  return end === undefined ? complain("the node did not stop in time", EXIT.gaveUp) : end.exitCode;
}

/** Signals count from the first moment, also while the node starts; each further one changes nothing. */
function whenAskedToStop(): Promise<void> {
  return new Promise((resolve) => {
    process.on("SIGTERM", () => resolve()).on("SIGINT", () => resolve());
  });
}

/** One line per problem on standard error; returns the exit code. */
export function complain(error: unknown, exitCode: number): number {
  process.stderr.write(`error: ${errorMessage(error)}\n`);
  return exitCode;
}
