import type { Socket } from "node:net";
import { cutSocket } from "./cut-socket.ts";

/** Which way bytes go: from whoever dialled the link to its target, or back. */
export type Direction = "toTarget" | "fromTarget";

/** What the link is told about a wire. */
export interface WireListener {
  readonly moved: (direction: Direction, bytes: number) => void;
  /** Both sockets are closed. Called once. */
  readonly ended: () => void;
}

/** One connection through a link: two sockets, and a gate for each direction. */
export interface Wire {
  /** Bytes that stand before a closed gate stay in the kernel and go on when it opens, as TCP would send them again. */
  setOpen(direction: Direction, open: boolean): void;
  /** Ends both sides with a reset. Idempotent. */
  reset(): void;
}

interface Lane {
  readonly from: Socket;
  readonly to: Socket;
  readonly count: (bytes: number) => void;
}

/** Moves bytes and the end of the stream one way. Returns how to open and close the gate. */
function pump(lane: Lane): (open: boolean) => void {
  const { from, to, count } = lane;
  let open = false;
  let full = false;
  const flow = (): void => {
    if (open && !full) from.resume();
    else from.pause();
  };
  from.on("data", (chunk: Buffer) => {
    count(chunk.length);
    if (to.write(chunk)) return;
    full = true;
    flow();
  });
  to.on("drain", () => {
    full = false;
    flow();
  });
  from.on("end", () => to.end());
  return (next) => {
    open = next;
    flow();
  };
}

/** Joins two connected (or connecting) sockets, which are paused. Both gates are closed at first. */
export function joinSockets(
  sockets: { readonly client: Socket; readonly target: Socket },
  listener: WireListener,
): Wire {
  const { client, target } = sockets;
  const gates = {
    toTarget: pump({ from: client, to: target, count: (bytes) => listener.moved("toTarget", bytes) }),
    fromTarget: pump({ from: target, to: client, count: (bytes) => listener.moved("fromTarget", bytes) }),
  };
  let open = 2;
  const closed = (other: Socket, hadError: boolean): void => {
    // An orderly end went over by `end`; an error on one side is a reset on the other.
    if (hadError) cutSocket(other);
    open -= 1;
    if (open === 0) listener.ended();
  };
  client.once("close", (hadError) => closed(target, hadError));
  target.once("close", (hadError) => closed(client, hadError));
  return {
    setOpen: (direction, isOpen) => gates[direction](isOpen),
    reset() {
      cutSocket(client);
      cutSocket(target);
    },
  };
}
