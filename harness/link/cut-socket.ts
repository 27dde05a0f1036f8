import type { Socket } from "node:net";

/**
 * Ends a socket with a reset, as a machine that vanished and came back does.
 *
 * While the end of its stream is on its way, Node 20 cannot reset a socket: `resetAndDestroy` then leaves the handle
 * open
 * for ever (libuv refuses it, Node takes it for closed), and the process spins at its exit, waiting for that handle.
 * Such
 * a socket is destroyed: the other side sees an end instead of a reset.
 */
export function cutSocket(socket: Socket): void {
  if (socket.writableEnded && !socket.writableFinished) socket.destroy();
  else socket.resetAndDestroy();
}
