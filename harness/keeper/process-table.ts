import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";

/** One running process (or zombie), as the operating system lists it. */
export interface ProcessEntry {
  readonly pid: number;
  readonly parentPid: number;
  /** First letter of the state: R, S, D, T (stopped), Z (zombie), … */
  readonly state: string;
  /** When it started, in the system's own form: tells a process from a later one with the same pid. */
  readonly stamp: string;
}

const onLinux = process.platform === "linux";

/** All processes of the machine. Those that end while they are listed are left out. */
export function listProcesses(): readonly ProcessEntry[] {
  if (!onLinux) return listWithPs([]);
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => readProcess(Number(name)) ?? []);
}

/** One process, or undefined when there is none with this pid. */
export function readProcess(pid: number): ProcessEntry | undefined {
  if (!onLinux) return listWithPs(["-p", String(pid)])[0];
  const stat = readOrUndefined(`/proc/${pid}/stat`);
  if (stat === undefined) return undefined;
  // The name of the program stands in parentheses and may hold anything: fields count from behind the last one.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return { pid, state: fields[0] ?? "?", parentPid: Number(fields[1]), stamp: fields[19] ?? "" };
}

/** True while the process runs: a zombie does not. With a stamp: that very process, not a later one of the same pid. */
export function isRunning(pid: number, stamp?: string): boolean {
  const entry = readProcess(pid);
  if (entry === undefined || entry.state.startsWith("Z")) return false;
  return stamp === undefined || entry.stamp === stamp;
}

/** Pids of processes that were started with this `NAME=value` in their environment. */
export function pidsWithEnvironment(assignment: string): ReadonlySet<number> {
  if (!onLinux) return pidsWithEnvironmentByPs(assignment);
  const found = listProcesses().filter(({ pid }) =>
    readOrUndefined(`/proc/${pid}/environ`)?.split("\0").includes(assignment),
  );
  return new Set(found.map(({ pid }) => pid));
}

/** These processes and everything below them, by parent. */
export function withDescendants(
  roots: ReadonlySet<number>,
  table: readonly ProcessEntry[],
): ReadonlySet<number> {
  const all = new Set(roots);
  let before = -1;
  while (all.size !== before) {
    before = all.size;
    for (const { pid, parentPid } of table) if (all.has(parentPid)) all.add(pid);
  }
  return all;
}

function readOrUndefined(file: string): string | undefined {
  try {
    return readFileSync(file, "latin1");
  } catch {
    // Gone meanwhile, or another user's: either way nothing of ours.
    return undefined;
  }
}

function ps(args: readonly string[]): string {
  try {
    return execFileSync("ps", args, { encoding: "latin1", stdio: ["ignore", "pipe", "ignore"] });
  } catch {
    // ps exits with 1 when nothing matches.
    return "";
  }
}

function listWithPs(selection: readonly string[]): readonly ProcessEntry[] {
  const select = selection.length === 0 ? ["-A"] : selection;
  return ps([...select, "-o", "pid=,ppid=,stat=,lstart="])
    .split("\n")
    .flatMap((line) => {
      const match = /^\s*(\d+)\s+(\d+)\s+(\S+)\s+(.*)$/.exec(line);
      if (match === null) return [];
      const [, pid, parentPid, state = "?", stamp = ""] = match;
      return [
        { pid: Number(pid), parentPid: Number(parentPid), state: state.slice(0, 1), stamp: stamp.trim() },
      ];
    });
}

function pidsWithEnvironmentByPs(assignment: string): ReadonlySet<number> {
  const pids = new Set<number>();
  for (const line of ps(["eww", "-A", "-o", "pid=,command="]).split("\n")) {
    const match = /^\s*(\d+)\s/.exec(line);
    if (match !== null && line.split(" ").includes(assignment)) pids.add(Number(match[1]));
  }
  return pids;
}
