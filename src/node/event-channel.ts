import { writeSync } from "node:fs";
import { type Clock, errorCode } from "../base/index.ts";
import type { EventBody, Events, NodeEvent } from "../model/index.ts";

/** The events of a process, under the incarnation that it lives as. */
export interface EventChannel extends Events {
  /** Events from now on carry this incarnation. */
  identify(incarnation: string): void;
}

/** What an event channel needs. */
export interface EventChannelOptions {
  /** Open file descriptor; undefined: nobody listens, events go nowhere. */
  readonly fd: number | undefined;
  /** Address of the node. */
  readonly node: string;
  readonly clock: Clock;
  /** Told of each event, also when nobody listens at the descriptor. Must not throw. */
  readonly onEvent?: (event: NodeEvent) => void;
  /** Called when nobody reads the channel any more. */
  readonly onBroken: () => void;
}

/** How long to wait before a full pipe is tried again. */
const FULL_PIPE_WAIT_MS = 1;

/**
 * Writes each event as a line of JSON, synchronously: what a process did before it was killed is on record, and what it
 * is about to do is not.
 */
export function createEventChannel(options: EventChannelOptions): EventChannel {
  const { fd, node, clock } = options;
  let incarnation = "";
  let seq = 0;
  let broken = fd === undefined;
  return {
    identify(next) {
      incarnation = next;
    },
    emit(body: EventBody) {
      seq += 1;
      const event: NodeEvent = {
        seq,
        node,
        incarnation,
        wallMs: clock.now(),
        monoMs: clock.monotonicMs(),
        ...body,
      };
      options.onEvent?.(event);
      if (broken || fd === undefined) return;
      try {
        writeAll(fd, Buffer.from(`${JSON.stringify(event)}\n`));
      } catch {
        // Closed by the reader (EPIPE), or never opened for us (EBADF): in both cases nobody listens.
        broken = true;
        options.onBroken();
      }
    },
  };
}

function writeAll(fd: number, bytes: Buffer): void {
  let from = 0;
  while (from < bytes.length) {
    try {
      from += writeSync(fd, bytes, from);
    } catch (error) {
      if (errorCode(error) !== "EAGAIN") throw error;
      // The reader is slow and the descriptor does not block: this thread waits for it, as a blocking one would.
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, FULL_PIPE_WAIT_MS);
    }
  }
}
