import { readFileSync, statSync } from "node:fs";
import path from "node:path";
import { errorCode, errorMessage } from "../../../src/base/index.ts";
import type { Problem } from "../../base/index.ts";
import type { ProblemCode } from "../problems/problem-codes.ts";
import type { Located } from "./located.ts";
import { parseYaml } from "./parse-yaml.ts";

/** A case is some dozen lines; a file beyond this is something else. */
const MAX_FILE_BYTES = 1024 * 1024;

/** A file as parsed: undefined when there were problems. */
export interface ParsedFile {
  readonly absolute: string;
  /** As it is named in messages. */
  readonly display: string;
  readonly document: Located | undefined;
  readonly problems: readonly Problem[];
}

/** Files that were read for a run, each once, however many cases use it. */
export interface SourceFiles {
  /** Text by the name that messages use: for code frames. */
  readonly texts: ReadonlyMap<string, string>;
  read(absolute: string, display?: string): ParsedFile;
  displayOf(absolute: string): string;
  /** The path of a file by the name that messages use. */
  absoluteOf(display: string): string | undefined;
}

/** An empty store of files. Names in messages are relative to the working directory. */
export function createSourceFiles(workingDirectory: string): SourceFiles {
  const texts = new Map<string, string>();
  const parsed = new Map<string, ParsedFile>();
  const paths = new Map<string, string>();
  const displayOf = (absolute: string): string => {
    const relative = path.relative(workingDirectory, absolute);
    return relative === "" || relative.startsWith("..") ? absolute : relative;
  };
  return {
    texts,
    displayOf,
    absoluteOf: (display) => paths.get(display),
    read: (absolute, display = displayOf(absolute)) => {
      const known = parsed.get(absolute);
      if (known !== undefined) return known;
      const file = readAndParse(absolute, display, texts);
      parsed.set(absolute, file);
      paths.set(display, absolute);
      return file;
    },
  };
}

function readAndParse(absolute: string, display: string, texts: Map<string, string>): ParsedFile {
  const fail = (code: ProblemCode, what: string, fix?: string): ParsedFile => {
    const problem: Problem = { code, what, at: { file: display, line: 1, column: 1 } };
    return {
      absolute,
      display,
      document: undefined,
      problems: [fix === undefined ? problem : { ...problem, fix }],
    };
  };
  let bytes: Buffer;
  try {
    const status = statSync(absolute);
    if (status.isDirectory()) return fail("case/unreadable", "this is a directory, not a file");
    if (!status.isFile()) return fail("case/unreadable", "this is not a regular file");
    if (status.size > MAX_FILE_BYTES) {
      return fail("case/too-large", `the file has ${status.size} bytes, the limit is ${MAX_FILE_BYTES}`);
    }
    bytes = readFileSync(absolute);
  } catch (error) {
    if (errorCode(error) === "ENOENT") return fail("case/not-found", "the file does not exist");
    return fail("case/unreadable", `the file cannot be read: ${errorMessage(error)}`);
  }
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return fail("case/encoding", "the file is not UTF-8 text", "save it as UTF-8");
  }
  texts.set(display, text);
  return { absolute, display, ...parseYaml(text, display) };
}
