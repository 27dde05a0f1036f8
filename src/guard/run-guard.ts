import { Socket } from "node:net";
import { createSystemClock, required } from "../base/index.ts";
import { Guard } from "./guard.ts";
import { createLineReader, GUARD_CHANNEL_FD, type GuardReply, type GuardRequest } from "./messages.ts";
import { guardRecordPath, writeDurably } from "./pid-records.ts";
import { identifyProcess } from "./process-table.ts";

/**
 * Runs this process as a guard until its node is gone: its channel ends, everything is killed, then it exits by itself.
 * Signals of a terminal are for the node: it decides what happens to its tasks.
 */
export async function runGuard(dataDirectory: string): Promise<void> {
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => undefined);
  // Not a standard stream: those write synchronously, and a stopped node that reads nothing would stop its guard.
  const channel = new Socket({ fd: GUARD_CHANNEL_FD, readable: true, writable: true });
  const reply = (message: GuardReply): void => {
    if (channel.writable) channel.write(`${JSON.stringify(message)}\n`);
  };
  const guard = new Guard({ dataDirectory, clock: createSystemClock(), reply });
  const nodeGone = new Promise<void>((resolve) => {
    channel.once("end", resolve).once("close", resolve);
    // A reset is an end too; the close follows it.
    channel.on("error", () => undefined);
  });
  const read = createLineReader((line) => guard.handle(JSON.parse(line) as GuardRequest));
  channel.setEncoding("utf8").on("data", read);
  await writeDurably(guardRecordPath(dataDirectory), required(identifyProcess(process.pid), "this process"));
  reply({ kind: "ready" });
  await nodeGone;
  await guard.killAll();
}
