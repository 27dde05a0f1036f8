import { readFileSync } from "node:fs";
import pg from "pg";
import type { Clock } from "../../../src/base/index.ts";
import { openRun } from "../../run/index.ts";
import { median } from "../figures.ts";
import { type Row, writeTable } from "../table.ts";
import { agreed, type ClaimTime, type SlotView, timeClaims } from "./claims.ts";
import { readSwept, timeCopy } from "./copy-rival.ts";
import { type LoopTime, timeLoop } from "./loop-rival.ts";
import { startMeasured } from "./measured-process.ts";
import { checkSwept, DEAD, RESCUER, restoreSwept, saveSwept, seedOrphans } from "./orphans.ts";

export interface FailoverBenchOptions {
  readonly counts: readonly number[];
  readonly rounds: number;
  /** Which parts: a machine that is busy takes minutes for all of them. */
  readonly parts: readonly string[];
  readonly batchSize: number;
  /** As safe as a database for real use: commits reach the disk. Else the settings of the test databases. */
  readonly durable: boolean;
  readonly clock: Clock;
}

interface Bench extends FailoverBenchOptions {
  readonly url: string;
  readonly client: pg.Client;
}

const DURABLE =
  "fsync=on,full_page_writes=on,wal_level=replica,max_wal_size=4GB,shared_buffers=256MB,max_wal_senders=2";
const MEBIBYTE = 2 ** 20;
/** Commands that the rival by slot gets: its rate does not depend on how many there are, its patience would. */
const SLOT_SAMPLE = 5000;

const perSecond = (count: number, ms: number): string => `${Math.round((count / ms) * 1000)}/s`;
const milliseconds = (ms: number): string => `${ms.toFixed(0)} ms`;
const times = (ratio: number): string => `${ratio.toFixed(ratio < 10 ? 2 : 0)} x`;

/** Failover of N orphaned workflows of one dead master, and their claim, against the obvious way and the floor. */
export async function benchFailover(options: FailoverBenchOptions): Promise<void> {
  if (options.durable) process.env.FAILOVER_POSTGRES_SETTINGS = DURABLE;
  const readText = (file: string): string => readFileSync(file, "utf8");
  const { clock } = options;
  const run = await openRun({ env: "embedded", registry: "jdbc", keep: false, clock, readText });
  try {
    const own = { registry: false, database: false };
    const services = await run.environment.openCase({ caseId: "bench-failover", own });
    const client = new pg.Client({ connectionString: services.databaseUrl });
    await client.connect();
    try {
      const bench = { ...options, url: services.databaseUrl, client };
      const safety = options.durable ? "commits reach the disk" : "fsync off";
      process.stdout.write(`${run.environment.description}, ${safety}; medians of ${options.rounds}\n`);
      for (const count of options.counts) await benchCount(bench, count);
      if (bench.parts.includes("views")) await benchViews(bench);
    } finally {
      await client.end();
      await services.release();
    }
  } finally {
    await run.close();
  }
}

async function benchCount(bench: Bench, count: number): Promise<void> {
  const { client, rounds, clock } = bench;
  const sweeps: { ms: number; maxRss: number; maxHeap: number }[] = [];
  const copies: number[] = [];
  const loops: LoopTime[] = [];
  for (let round = 1; round <= rounds; round += 1) {
    await seedOrphans(client, count);
    loops.push(await timeLoop(client, count, clock));
    await seedOrphans(client, count);
    sweeps.push(await timeSweep(bench));
    await checkSwept(client, count);
    copies.push(await timeCopy(client, await readSwept(client), clock));
  }
  await saveSwept(client);
  const sweep = median(sweeps.map(({ ms }) => ms));
  const loop = median(loops.map(({ ms }) => ms));
  const copy = median(copies);
  const sampled = Math.min(...loops.map((one) => one.sampled));
  const note = sampled < count ? `extrapolated from ${sampled} or more` : "";
  const highest = (of: readonly number[]): string => `${Math.round(median(of) / MEBIBYTE)} MB`;
  writeTable(`failover of ${count} workflows`, [
    ["one transaction for each", milliseconds(loop), perSecond(count, loop), note],
    ["COPY of the same rows", milliseconds(copy), perSecond(count, copy)],
    ["sweep", milliseconds(sweep), perSecond(count, sweep)],
    ["sweep against the loop", times(loop / sweep), "aim: at least 40 x"],
    ["sweep against COPY", times(sweep / copy), "aim: at most 1.30 x"],
    ["memory of the sweeping process, highest", highest(sweeps.map((one) => one.maxRss))],
    ["its heap, highest", highest(sweeps.map((one) => one.maxHeap))],
  ]);
  if (bench.parts.includes("claims")) await benchClaims(bench, count);
}

async function timeSweep({
  url,
  batchSize,
}: Bench): Promise<{ ms: number; maxRss: number; maxHeap: number }> {
  const process = await startMeasured({ role: "sweep", url, dead: DEAD, me: RESCUER, batchSize });
  process.go();
  return process.done;
}

/** All of what was swept is claimed by 1, 2 and 4 masters. */
async function benchClaims(bench: Bench, count: number): Promise<void> {
  const rows: Row[] = [];
  for (const masters of [1, 2, 4]) {
    const slots = await repeatClaims(bench, "slots", agreed(masters), Math.min(count, SLOT_SAMPLE));
    const claims = await repeatClaims(bench, "claim", agreed(masters), count);
    const ratio = claims.rate / slots.rate;
    rows.push([
      `${masters} ${masters === 1 ? "master" : "masters"}`,
      `${Math.round(claims.rate * 1000)}/s`,
      `by slot ${Math.round(slots.rate * 1000)}/s`,
      times(ratio),
      `${claims.missing} missing, ${claims.duplicates} twice`,
    ]);
  }
  writeTable(`claim of these ${count} (aim: at least 10 x the fetch by slot)`, rows);
}

/** Masters that do not agree who is there: nothing may be missed, nothing done twice. */
async function benchViews(bench: Bench): Promise<void> {
  // The rows that the last sweep left are what is claimed.
  const count = Math.min(SLOT_SAMPLE, bench.counts.at(-1) ?? 0);
  const outdated: readonly SlotView[] = [...agreed(4).slice(0, 2), [2, 3], [3, 4]];
  const alone: readonly SlotView[] = agreed(4).map((): SlotView => [0, 1]);
  const rows: Row[] = [];
  for (const [what, views] of [
    ["one of 4 masters believes in 3", outdated],
    ["each of 4 believes to be alone", alone],
  ] as const) {
    for (const role of ["slots", "claim"] as const) {
      const found = await repeatClaims(bench, role, views, count);
      const who = role === "slots" ? "by slot" : "ours";
      const rate = `${Math.round(found.rate * 1000)}/s`;
      rows.push([`${what}, ${who}`, rate, `${found.missing} missing, ${found.duplicates} twice`]);
    }
  }
  writeTable(`claim of ${count} by masters with different views`, rows);
}

interface Claims {
  /** Claims per millisecond, median. */
  readonly rate: number;
  /** The worst of all rounds. */
  readonly missing: number;
  readonly duplicates: number;
}

async function repeatClaims(
  bench: Bench,
  role: "slots" | "claim",
  views: readonly SlotView[],
  count: number,
): Promise<Claims> {
  const { client, url, rounds, clock } = bench;
  const found: ClaimTime[] = [];
  for (let round = 1; round <= rounds; round += 1) {
    await restoreSwept(client, count);
    found.push(await timeClaims(client, { role, url, views, count, clock }));
  }
  return {
    rate: median(found.map(({ claimed, ms }) => claimed / ms)),
    missing: Math.max(...found.map(({ missing }) => missing)),
    duplicates: Math.max(...found.map(({ duplicates }) => duplicates)),
  };
}
