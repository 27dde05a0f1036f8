import { type ChildProcess, spawn } from "node:child_process";
import type { Duplex } from "node:stream";
import { required } from "../../base/index.ts";
import { createLineReader, GUARD_CHANNEL_FD, type GuardReply, type GuardRequest } from "../../guard/index.ts";

/** A guard process and the channel to it. */
export interface GuardLink {
  readonly pid: number;
  send(request: GuardRequest): void;
  /** Ends the channel: the guard kills all it has, tells their exits, and goes. */
  end(): void;
  /** Resolves when its process is gone and its last word was heard. */
  readonly gone: Promise<void>;
}

/** How to start a guard. */
export interface GuardStart {
  readonly guardPath: string;
  readonly dataDirectory: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly onReply: (reply: GuardReply) => void;
}

/** The channels of the node itself, which nobody else may take for theirs. */
const NODE_OWN_VARIABLES = { NODE_CHANNEL_FD: undefined, FAILOVER_EVENTS_FD: undefined };

/** Starts a guard. Requests may be sent at once: they wait in the channel until it reads. */
export function startGuard(start: GuardStart): GuardLink {
  const child = spawn(process.execPath, [start.guardPath, start.dataDirectory], {
    env: { ...start.environment, ...NODE_OWN_VARIABLES },
    stdio: ["ignore", "ignore", "inherit", "pipe"],
  });
  const channel = required(child.stdio[GUARD_CHANNEL_FD], "the channel of the guard") as Duplex;
  // A guard that is gone: `gone` tells it.
  channel.on("error", () => undefined);
  channel.setEncoding("utf8").on(
    "data",
    createLineReader((line) => start.onReply(JSON.parse(line) as GuardReply)),
  );
  return {
    pid: child.pid ?? -1,
    send: (request) => {
      if (channel.writable) channel.write(`${JSON.stringify(request)}\n`);
    },
    end: () => channel.end(),
    gone: whenGone(child),
  };
}

function whenGone(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    child.once("close", () => resolve());
    // Could not be spawned at all: there is no close then.
    child.once("error", () => resolve());
  });
}
