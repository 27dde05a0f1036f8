import { readFileSync } from "node:fs";

/**
 * The state letter of a process as the kernel has it (`proc(5)`: R, S, D run or sleep, T stopped, Z dead and not yet
 * collected). Undefined: there is no such process.
 */
export function processState(pid: number): string | undefined {
  let stat: string;
  try {
    stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  } catch {
    return undefined;
  }
  // The name in parentheses may contain anything, also parentheses: the state follows the last one.
  return stat.slice(stat.lastIndexOf(")") + 2).charAt(0);
}
