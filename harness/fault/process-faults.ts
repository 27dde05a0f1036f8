import { required } from "../../src/base/index.ts";
import type { Action, Step } from "../case/resolved-case.ts";
import { type ClusterNode, type NodeProcess, processState } from "../cluster/index.ts";
import type { Fault } from "./fault.ts";
import type { Hit } from "./stage.ts";

/** Actions on a process or a node. */
export type ProcessAction = Extract<
  Action["kind"],
  "kill" | "stop" | "pause" | "resume" | "start" | "restart" | "replace"
>;

/** The fault that does an action to one of those that it was aimed at. */
export function processFault(kind: ProcessAction, step: Step, hit: Hit): Fault {
  switch (kind) {
    case "kill":
      return killFault(step, withProcess(hit));
    case "stop":
      return stopFault(step, withProcess(hit));
    case "pause":
      return pauseFault(withProcess(hit));
    case "resume":
      return resumeFault(withProcess(hit));
    case "start":
      return startFault(hit.node);
    case "restart":
      return restartFault(step, hit);
    case "replace":
      return replaceFault(hit.node);
  }
}

interface ProcessHit {
  readonly node: ClusterNode;
  readonly process: NodeProcess;
}

function withProcess({ node, process }: Hit): ProcessHit {
  return { node, process: required(process, `a process of ${node.name}`) };
}

/** SIGKILL of this one pid: guard and tasks are not touched, what becomes of them is the scheduler's affair. */
function killFault(step: Step, hit: ProcessHit): Fault {
  const { node, process } = hit;
  return {
    name: `kill ${node.name}`,
    async inject({ strike }) {
      strike();
      await process.kill(step.id);
      const { signal, endedBy } = process.record();
      if (signal !== "SIGKILL" || endedBy !== step.id) throw new Error(`pid ${process.pid} had ended before`);
      return { proof: `pid ${process.pid} is gone, ended by SIGKILL`, hits: [hit] };
    },
    undo: () => startAgain(node),
  };
}

function stopFault(step: Step, hit: ProcessHit): Fault {
  const { node, process } = hit;
  return {
    name: `stop ${node.name}`,
    async inject({ withinMs, begin }) {
      begin();
      await stopOrderly(step, process, withinMs);
      const { exitCode } = process.record();
      return {
        proof: `pid ${process.pid} is gone after SIGTERM, exit code ${exitCode ?? "none"}`,
        hits: [hit],
      };
    },
    undo: () => startAgain(node),
  };
}

async function stopOrderly(step: Step, process: NodeProcess, withinMs: number): Promise<void> {
  if (await process.stop({ withinMs, by: step.id })) return;
  throw new Error(`pid ${process.pid} did not end within ${withinMs} ms of SIGTERM`);
}

function pauseFault(hit: ProcessHit): Fault {
  const { node, process } = hit;
  return {
    name: `pause ${node.name}`,
    async inject({ strike }) {
      strike();
      await process.pause();
      return { proof: `pid ${process.pid} is stopped (process state T)`, hits: [hit] };
    },
    async undo() {
      // It may have been killed meanwhile, or resumed by a step: then there is nothing to take back.
      if (process.paused) await process.resume();
    },
  };
}

function resumeFault(hit: ProcessHit): Fault {
  const { node, process } = hit;
  return {
    name: `resume ${node.name}`,
    async inject({ begin }) {
      begin();
      await process.resume();
      return {
        proof: `pid ${process.pid} runs (process state ${processState(process.pid) ?? "?"})`,
        hits: [hit],
      };
    },
  };
}

function startFault(node: ClusterNode): Fault {
  return {
    name: `start ${node.name}`,
    async inject({ begin }) {
      begin();
      const process = await node.start();
      return { proof: `pid ${process.pid} is ready`, hits: [{ node, process }] };
    },
  };
}

function restartFault(step: Step, { node, process }: Hit): Fault {
  return {
    name: `restart ${node.name}`,
    async inject({ withinMs, begin }) {
      begin();
      if (process !== undefined && process.phase !== "ended") await stopOrderly(step, process, withinMs);
      const next = await node.start();
      return {
        proof: `pid ${next.pid} is ready, after ${process?.pid ?? "none"}`,
        hits: [{ node, process: next }],
      };
    },
  };
}

function replaceFault(node: ClusterNode): Fault {
  return {
    name: `replace ${node.name}`,
    async inject({ begin }) {
      begin();
      const before = node.current;
      const process = await node.start({ elsewhere: true });
      const beside = before === undefined ? "" : `, beside pid ${before.pid}`;
      return {
        proof: `pid ${process.pid} is ready on ${node.entry.address}${beside}`,
        hits: [{ node, process }],
      };
    },
  };
}

async function startAgain(node: ClusterNode): Promise<void> {
  // A step may have started it meanwhile, or hit it again before it is ready.
  if (node.running.length > 0) return;
  await node.startUnless((process) => {
    const { endedBy, pauses } = process.record();
    // One that gives up by itself, on a machine that is too busy, is started again where the case says so.
    const comesAgain = process.phase === "ended" && node.entry.settings.respawn;
    return endedBy !== undefined || pauses.length > 0 || comesAgain;
  });
}
