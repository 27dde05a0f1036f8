/** What a node and its guard say: one line of JSON each, over a stream whose end means the other's death. */

/** Number of the file descriptor of the channel in the guard. */
export const GUARD_CHANNEL_FD = 3;

/** Node to guard. Specifications are those of src/task/process. */
export type GuardRequest =
  | {
      readonly kind: "start";
      readonly key: string;
      readonly script: string;
      readonly environment: Readonly<Record<string, string>>;
      readonly logPath: string;
      readonly workDirectory: string;
    }
  | { readonly kind: "kill"; readonly key: string }
  /** F on the monotonic clock of the machine. */
  | { readonly kind: "deadline"; readonly monotonicMs: number };

/** Guard to node. */
export type GuardReply =
  | { readonly kind: "ready" }
  | { readonly kind: "started"; readonly key: string; readonly pid: number }
  /** Nothing of it ran. `leaseOver`: because F had passed, so another node may start it. */
  | { readonly kind: "refused"; readonly key: string; readonly reason: string; readonly leaseOver: boolean }
  | {
      readonly kind: "exit";
      readonly key: string;
      readonly exitCode: number | null;
      readonly outcome: "SUCCESS" | "FAILURE" | "KILLED" | "LOST";
      readonly endTimeMs: number;
    };

/** Calls back with each complete line; what stands behind the last line feed is kept for the next chunk. */
export function createLineReader(onLine: (line: string) => void): (chunk: string) => void {
  let rest = "";
  return (chunk) => {
    const lines = (rest + chunk).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) onLine(line);
  };
}
