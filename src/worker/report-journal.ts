import { mkdirSync, readdirSync, rmSync } from "node:fs";
import path from "node:path";
import { readRecord, writeDurably } from "../guard/index.ts";
import type { ReportRequest } from "../rpc/index.ts";

/** A report, and where it goes first. */
export interface JournaledReport {
  readonly report: ReportRequest;
  readonly ownerAddress: string;
}

/**
 * Reports of ended tasks that nobody acknowledged yet, one file each in the data directory: a worker that dies in
 * between leaves them to its next life.
 */
export interface ReportJournal {
  /** Resolves when it is safely on disk. */
  add(entry: JournaledReport): Promise<void>;
  remove(report: ReportRequest): void;
  /** What former lives left. Files that are not readable are dropped: nothing can be made of them. */
  load(): readonly JournaledReport[];
}

/** The journal of a data directory. */
export function openReportJournal(dataDirectory: string): ReportJournal {
  const folder = path.join(dataDirectory, "reports");
  const fileOf = (report: ReportRequest): string => {
    const { workerIncarnation, taskInstanceId, dispatchNo, seq } = report;
    return path.join(
      folder,
      `${encodeURIComponent(workerIncarnation)}.${taskInstanceId}-${dispatchNo}-${seq}.json`,
    );
  };
  return {
    add: (entry) => writeDurably(fileOf(entry.report), entry),
    remove: (report) => rmSync(fileOf(report), { force: true }),
    load() {
      mkdirSync(folder, { recursive: true });
      return readdirSync(folder)
        .filter((name) => name.endsWith(".json"))
        .sort()
        .map((name) => readRecord<JournaledReport>(path.join(folder, name)))
        .filter((entry) => entry !== undefined);
    },
  };
}
