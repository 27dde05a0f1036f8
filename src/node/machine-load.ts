import { statfs } from "node:fs/promises";
import { cpus, freemem, totalmem } from "node:os";
import type { Clock, Timer } from "../base/index.ts";
import type { NodeConfig, OverloadConfig } from "../config/index.ts";

/** Used shares of a machine, 0..1. Absent: not known. */
export interface MachineUsage {
  readonly cpuUsage?: number;
  readonly memoryUsage?: number;
  readonly diskUsage?: number;
}

/** What a node knows of the load of its machine. */
export interface MachineLoad {
  readonly usage: MachineUsage;
  /** Called after each look that found something else. */
  onChange(listener: () => void): void;
  close(): void;
}

/** Time that the processors spent since the start of the machine, in milliseconds. */
export interface ProcessorTimes {
  readonly busyMs: number;
  readonly totalMs: number;
}

/** The machine as the operating system shows it; a port, so that tests say what is there. */
export interface MachineProbe {
  processorTimes(): ProcessorTimes;
  memoryUsage(): number;
  diskUsage(): Promise<number>;
}

/** Between two looks (source: DolphinScheduler keeps metrics for a second). */
const LOOK_EVERY_MS = 1000;
/**
 * Figures are told to the others no more often (source: DolphinScheduler's max-heartbeat-interval): each telling is a
 * write to the registry, which all nodes hear.
 */
const TELL_EVERY_MS = 10_000;
/** Shares are told in steps of this size: a heartbeat that changes with every look would only be noise. */
const STEP = 0.05;

function inSteps(share: number): number {
  const steps = Math.round(Math.min(1, Math.max(0, share)) / STEP);
  return Math.round(steps * STEP * 100) / 100;
}

/** The share of processor time between two looks; undefined when no time has passed. */
export function processorUsage(before: ProcessorTimes, now: ProcessorTimes): number | undefined {
  const totalMs = now.totalMs - before.totalMs;
  return totalMs <= 0 ? undefined : (now.busyMs - before.busyMs) / totalMs;
}

/** Whether a node with this usage takes no new work. What is not known keeps nobody from work. */
export function isOverloaded(usage: MachineUsage, limits: OverloadConfig | undefined): boolean {
  if (limits === undefined) return false;
  return (
    (usage.cpuUsage ?? 0) > limits.cpuAbove ||
    (usage.memoryUsage ?? 0) > limits.memoryAbove ||
    (usage.diskUsage ?? 0) > limits.diskAbove
  );
}

/** The machine that this process runs on; the disk is that of a directory. */
export function createMachineProbe(directory: string): MachineProbe {
  return {
    processorTimes() {
      let busyMs = 0;
      let totalMs = 0;
      for (const { times } of cpus()) {
        const { user, nice, sys, idle, irq } = times;
        busyMs += user + nice + sys + irq;
        totalMs += user + nice + sys + irq + idle;
      }
      return { busyMs, totalMs };
    },
    memoryUsage: () => 1 - freemem() / totalmem(),
    async diskUsage() {
      const { blocks, bavail } = await statfs(directory);
      return blocks === 0 ? 0 : 1 - bavail / blocks;
    },
  };
}

/** The load of this machine for a node: looked at every second, more often when sessions are short. */
export function loadOfThisMachine(config: NodeConfig, clock: Clock): MachineLoad {
  const everyMs = Math.min(LOOK_EVERY_MS, config.timing.sessionTimeoutMs / 2);
  return watchMachineLoad({
    clock,
    probe: createMachineProbe(config.dataDirectory),
    everyMs,
    tellEveryMs: TELL_EVERY_MS,
    isBusy: (usage) => isOverloaded(usage, config.overload),
  });
}

/**
 * Looks at the machine every `everyMs`. Figures alone are told every `tellEveryMs`, default 0; BUSY is told at once.
 */
export function watchMachineLoad(options: {
  readonly clock: Clock;
  readonly probe: MachineProbe;
  readonly everyMs: number;
  readonly tellEveryMs?: number;
  readonly isBusy?: (usage: MachineUsage) => boolean;
}): MachineLoad {
  const { clock, probe, everyMs, tellEveryMs = 0, isBusy = () => false } = options;
  let toldAtMs = Number.NEGATIVE_INFINITY;
  let usage: MachineUsage = { memoryUsage: inSteps(probe.memoryUsage()) };
  let before = probe.processorTimes();
  let listener: () => void = () => undefined;

  async function look(): Promise<void> {
    const now = probe.processorTimes();
    const cpu = processorUsage(before, now);
    before = now;
    const disk = await probe.diskUsage().catch(() => undefined);
    const fresh: MachineUsage = {
      ...(cpu === undefined ? {} : { cpuUsage: inSteps(cpu) }),
      memoryUsage: inSteps(probe.memoryUsage()),
      ...(disk === undefined ? {} : { diskUsage: inSteps(disk) }),
    };
    if (JSON.stringify(fresh) === JSON.stringify(usage)) return;
    const isTurned = isBusy(fresh) !== isBusy(usage);
    usage = fresh;
    if (!isTurned && clock.monotonicMs() - toldAtMs < tellEveryMs) return;
    toldAtMs = clock.monotonicMs();
    listener();
  }

  const timer: Timer = clock.setPeriodic(everyMs, () => void look());
  return {
    get usage() {
      return usage;
    },
    onChange(next) {
      listener = next;
    },
    close: () => timer.cancel(),
  };
}
