import { readdir, readFile } from "node:fs/promises";
import path from "node:path";
import { errorCode, errorMessage } from "../../src/base/index.ts";
import { applyExpectedFailure, type Judgement } from "../expect/index.ts";
import type { Evidence } from "../observe/index.ts";
import { type CaseResult, writeRunDirectory } from "../report/index.ts";
import type { CaseParts } from "./case-parts.ts";

export interface EndedCase {
  readonly evidence: Evidence;
  readonly judgement: Judgement;
  readonly durationMs: number;
  /** Folder of the case, with the output of its nodes. */
  readonly directory: string;
}

/** Where the evidence is, or why it is not. */
export type KeptEvidence = Pick<CaseResult, "evidenceDirectory" | "evidenceTrouble">;

/**
 * Keeps the evidence of every case that did not pass, of the others on request. A disk that is full or may not be
 * written to does not take the verdict away: it is said beside it.
 */
export async function keepEvidence(parts: CaseParts, ended: EndedCase): Promise<KeptEvidence> {
  try {
    const evidenceDirectory = await write(parts, ended);
    return evidenceDirectory === undefined ? {} : { evidenceDirectory };
  } catch (error) {
    if (errorCode(error) === undefined) throw error;
    return { evidenceTrouble: errorMessage(error) };
  }
}

async function write(parts: CaseParts, ended: EndedCase): Promise<string | undefined> {
  const { evidence, durationMs, directory } = ended;
  const judgement = applyExpectedFailure(ended.judgement, evidence.case.xfail);
  if (judgement.verdict === "PASS" && !parts.keep) return undefined;
  const { evidenceRoot: root, clock, readText } = parts;
  const output = await outputOf(path.join(directory, "nodes"));
  return writeRunDirectory({ root, evidence, judgement, durationMs, output, clock, readText });
}

/** What the processes of each node printed, by node name. */
async function outputOf(nodesDirectory: string): Promise<Readonly<Record<string, string>>> {
  const nodes = await readdir(nodesDirectory).catch(() => []);
  const outputs = await Promise.all(
    nodes.map(async (node) => {
      const files = await readdir(path.join(nodesDirectory, node));
      const printed = files.filter((file) => /^\d+\.(out|err)$/.test(file)).sort(byName);
      const texts = await Promise.all(
        printed.map(async (file) => {
          const text = await readFile(path.join(nodesDirectory, node, file), "utf8");
          return text === "" ? "" : `[${file}]\n${text}`;
        }),
      );
      return [node, texts.join("")] as const;
    }),
  );
  return Object.fromEntries(outputs);
}

const byName = (one: string, other: string): number => one.localeCompare(other);
