import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { createSystemClock, NO_FAILPOINTS, waitUntil } from "../base/index.ts";
import type { ReportAnswer, ReportRequest } from "../rpc/index.ts";
import { createMemoryNetwork, type MemoryNetwork } from "../rpc/memory/index.ts";
import { openReportJournal } from "./report-journal.ts";
import { ReportSender } from "./report-sender.ts";

const clock = createSystemClock();
const quiet = () => undefined;
const log = { debug: quiet, info: quiet, warn: quiet, error: quiet };

let directory = "";
let network: MemoryNetwork;
let sender: ReportSender;
let masters: string[] = [];
let obsolete: string[] = [];

function createSender(): ReportSender {
  return new ReportSender({
    rpc: network.connect(),
    clock,
    failpoints: NO_FAILPOINTS,
    log,
    journal: openReportJournal(directory),
    masters: () => masters,
    callWithinMs: 100,
    onObsolete: (incarnation, key) => obsolete.push(`${incarnation}/${key}`),
  });
}

beforeEach(() => {
  directory = mkdtempSync(path.join(tmpdir(), "failover-reports-"));
  network = createMemoryNetwork({ clock });
  masters = [];
  obsolete = [];
  sender = createSender();
});
afterEach(() => {
  sender.close();
  rmSync(directory, { recursive: true });
});

/** A master that answers as told, by turns; undefined: does not answer. Says what it got. */
function serveMaster(address: string, ...answers: (ReportAnswer["state"] | undefined)[]): string[] {
  const got: string[] = [];
  network.serve(address, {
    report: ({ taskInstanceId, seq }) => {
      got.push(`${taskInstanceId}:${seq}`);
      const state = answers.length > 1 ? answers.shift() : answers[0];
      return state === undefined ? new Promise(() => undefined) : Promise.resolve({ state });
    },
  });
  return got;
}

function report(taskInstanceId: number, seq: 1 | 2): ReportRequest {
  const body =
    seq === 1
      ? ({ kind: "RUNNING", pid: 1, startTimeMs: 1, logPath: "x" } as const)
      : ({ kind: "FINISHED", outcome: "SUCCESS", exitCode: 0, endTimeMs: 1, out: {} } as const);
  return { taskInstanceId, dispatchNo: 1, workflowInstanceId: 7, workerIncarnation: "w1", seq, body };
}

async function sendBoth(): Promise<void> {
  await sender.send(report(1, 1), "m:1");
  await sender.send(report(1, 2), "m:1");
}

test("reports of a delivery arrive in order, each until it is stored", async () => {
  const got = serveMaster("m:1", undefined, "STORED");
  await sendBoth();
  expect(await sender.flush(2000)).toBe(true);
  expect(got).toEqual(["1:1", "1:1", "1:2"]);
  expect(openReportJournal(directory).load()).toEqual([]);
});

test("reports go to any master when the owner is gone", async () => {
  masters = ["m:2", "m:3"];
  const got = serveMaster("m:3", "STORED");
  await sendBoth();
  expect(await sender.flush(2000)).toBe(true);
  expect(got).toEqual(["1:1", "1:2"]);
});

test("reports go to a new owner as soon as it is known", async () => {
  await sendBoth();
  const got = serveMaster("m:9", "STORED");
  sender.redirect("w1", "1-1", "m:9");
  expect(await sender.flush(2000)).toBe(true);
  expect(got).toEqual(["1:1", "1:2"]);
});

test("a delivery that nobody wants is forgotten with all its reports", async () => {
  const got = serveMaster("m:1", "OBSOLETE");
  await sendBoth();
  expect(await sender.flush(2000)).toBe(true);
  expect(got[0]).toBe("1:1");
  expect(obsolete[0]).toBe("w1/1-1");
  expect(openReportJournal(directory).load()).toEqual([]);
});

test("a report that nobody took is sent by the next life", async () => {
  await sendBoth();
  expect(await sender.flush(50)).toBe(false);
  sender.close();
  sender = createSender();
  const got = serveMaster("m:1", "STORED");
  sender.resume();
  expect(await sender.flush(2000)).toBe(true);
  // RUNNING of a life that is over tells nobody anything: it is not kept.
  expect(got).toEqual(["1:2"]);
});

test("masters that always answer later than the deadline get the reports all the same", async () => {
  const got: number[] = [];
  network.serve("m:1", {
    report: async ({ seq }) => {
      await clock.sleep(250);
      got.push(seq);
      return { state: "STORED" };
    },
  });
  await sendBoth();
  expect(await sender.flush(4000)).toBe(true);
  expect(got.at(-1)).toBe(2);
});

test("says for how long nobody listens", async () => {
  expect(sender.unheardMs()).toBe(0);
  await sendBoth();
  const until = () => (sender.unheardMs() > 30 ? true : undefined);
  await waitUntil({ clock, until, withinMs: 2000, describe: "silence" });
  serveMaster("m:1", "STORED");
  expect(await sender.flush(2000)).toBe(true);
  expect(sender.unheardMs()).toBe(0);
});
