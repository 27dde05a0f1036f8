import type pg from "pg";
import type { Clock } from "../../../src/base/index.ts";
import type { Role } from "../measured/protocol.ts";
import { startMeasured } from "./measured-process.ts";
import { countClaims, masterIncarnation } from "./orphans.ts";

/** What each master believes: its slot, and how many there are. */
export type SlotView = readonly [slot: number, slots: number];

/** As many masters, all of one mind. */
export const agreed = (masters: number): readonly SlotView[] =>
  Array.from({ length: masters }, (_, slot): SlotView => [slot, masters]);

export interface ClaimTime {
  /** Until the last one was claimed, or nobody claimed anything any more; milliseconds. */
  readonly ms: number;
  readonly claimed: number;
  readonly missing: number;
  readonly duplicates: number;
}

export interface ClaimOptions {
  readonly role: "claim" | "slots";
  readonly url: string;
  readonly views: readonly SlotView[];
  /** How many wait to be claimed. */
  readonly count: number;
  readonly clock: Clock;
}

/** When nothing was claimed for so long, nothing will be: three times the patience with slots of others. */
const STILL_MS = 3000;
const LOOK_EVERY_MS = 20;

/** One process for each master; from the common "go" to the last claim. */
export async function timeClaims(client: pg.Client, options: ClaimOptions): Promise<ClaimTime> {
  const { role, url, views, count, clock } = options;
  const roles = views.map(([slot, slots], index): Role => {
    const me = masterIncarnation(index + 1);
    return { role, url, me, address: `master-${index + 1}:1`, slot, slots };
  });
  const processes = await Promise.all(roles.map(startMeasured));
  let claimed = 0;
  let lastMs = clock.monotonicMs();
  for (const one of processes) {
    one.onClaimed((more) => {
      claimed += more;
      lastMs = clock.monotonicMs();
    });
  }
  const startedMs = clock.monotonicMs();
  lastMs = startedMs;
  for (const one of processes) one.go();
  while (claimed < count && clock.monotonicMs() - lastMs < STILL_MS) await clock.sleep(LOOK_EVERY_MS);
  for (const one of processes) one.stop();
  await Promise.all(processes.map(({ done }) => done));
  return { ms: lastMs - startedMs, claimed, ...(await countClaims(client)) };
}
