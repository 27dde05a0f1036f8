import type { Clock } from "../../../src/base/index.ts";

const EVERY_MS = 5;
const KIBIBYTE = 1024;

/** Watches how high the memory of this process rises. */
export function watchMemory(clock: Clock): { stop(): { readonly maxRss: number; readonly maxHeap: number } } {
  let maxHeap = 0;
  const look = (): void => {
    maxHeap = Math.max(maxHeap, process.memoryUsage().heapUsed);
  };
  const timer = clock.setPeriodic(EVERY_MS, look);
  return {
    stop() {
      look();
      timer.cancel();
      return { maxRss: process.resourceUsage().maxRSS * KIBIBYTE, maxHeap };
    },
  };
}
