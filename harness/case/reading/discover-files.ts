import { readdirSync, statSync } from "node:fs";
import path from "node:path";
import { errorCode, errorMessage } from "../../../src/base/index.ts";
import type { Problem } from "../../base/index.ts";

/** A case file: how messages name it, and where it is. */
export interface CaseFile {
  readonly display: string;
  readonly absolute: string;
}

interface Discovered {
  readonly files: readonly CaseFile[];
  readonly problems: readonly Problem[];
}

/** Folders whose files are parts of cases, or data of them, not cases. */
const NOT_CASES = new Set(["fixtures", "node_modules"]);

/**
 * The case files at these paths: files as they are, folders with all their *.yaml and *.yml in the order of names, but
 * for folders called `fixtures` and hidden ones below them. A file that is found twice counts once.
 */
export function discoverFiles(paths: readonly string[], workingDirectory: string): Discovered {
  const found = new Map<string, CaseFile>();
  const problems: Problem[] = [];
  for (const display of paths) {
    const absolute = path.resolve(workingDirectory, display);
    try {
      const status = statSync(absolute);
      if (!status.isDirectory()) {
        add(found, { display, absolute });
        continue;
      }
      const files = filesBelow({ display, absolute });
      for (const file of files) add(found, file);
      if (files.length === 0) {
        problems.push({
          code: "case/not-found",
          what: `there is no case in the folder ${display}`,
          fix: "cases end in .yaml or .yml",
        });
      }
    } catch (error) {
      const missing = errorCode(error) === "ENOENT";
      const what = missing
        ? `${display} does not exist`
        : `${display} cannot be read: ${errorMessage(error)}`;
      problems.push({ code: missing ? "case/not-found" : "case/unreadable", what });
    }
  }
  return { files: [...found.values()], problems };
}

function add(found: Map<string, CaseFile>, file: CaseFile): void {
  if (!found.has(file.absolute)) found.set(file.absolute, file);
}

function filesBelow(folder: CaseFile): readonly CaseFile[] {
  const entries = readdirSync(folder.absolute, { withFileTypes: true });
  return entries
    .toSorted((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((entry) => {
      const inner: CaseFile = {
        display: path.join(folder.display, entry.name),
        absolute: path.join(folder.absolute, entry.name),
      };
      if (entry.isDirectory()) {
        return NOT_CASES.has(entry.name) || entry.name.startsWith(".") ? [] : filesBelow(inner);
      }
      return /\.ya?ml$/.test(entry.name) && !entry.name.startsWith(".") ? [inner] : [];
    });
}
