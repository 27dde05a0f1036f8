import {
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  type Pair,
  parseDocument,
  type YAMLError,
  type YAMLMap,
} from "yaml";
import { errorMessage } from "../../../src/base/index.ts";
import type { Problem, SourcePosition } from "../../base/index.ts";
import type { ProblemCode } from "../problems/problem-codes.ts";
import type { Located, LocatedEntry } from "./located.ts";

/** Values that a file may hold when its aliases are written out: an alias bomb stops here. */
const MAX_VALUES = 50_000;
const MAX_DEPTH = 64;
/** One slip makes the parser stumble several times: the first places tell enough. */
const MAX_COMPLAINTS = 3;

/** What YAML forbids everywhere, and a carriage return without a line feed, which the parser takes for a blank. */
const CONTROL_CHARACTER = /[^\P{Cc}\t\n\r\u0085]|\r(?!\n)/u;

/** What the parser says when a script with `: ` or `#` in it was not quoted. */
const SCRIPT_LIKE = /Nested mappings|Block collections|Missing , |must be quoted|Unexpected/;

interface Parsed {
  readonly document: Located | undefined;
  readonly problems: readonly Problem[];
}

/** Stops the walk through a document at the first thing that cannot be represented. */
class Unrepresentable extends Error {
  readonly code: ProblemCode;
  readonly at: SourcePosition;

  constructor(code: ProblemCode, message: string, at: SourcePosition) {
    super(message);
    this.code = code;
    this.at = at;
  }
}

/** Reads YAML 1.2, every value with its position. Never throws: what is wrong comes back as problems. */
export function parseYaml(text: string, file: string): Parsed {
  const lines = new LineCounter();
  const positionAt = (offset: number): SourcePosition => {
    const { line, col } = lines.linePos(offset);
    return { file, line: Math.max(1, line), column: Math.max(1, col) };
  };
  const control = CONTROL_CHARACTER.exec(text);
  if (control !== null) {
    const what = `YAML does not allow the control character ${codePoint(control[0])}`;
    const before = text.slice(0, control.index).split("\n");
    const at = { file, line: before.length, column: (before.at(-1)?.length ?? 0) + 1 };
    return { document: undefined, problems: [{ code: "case/yaml", what, at }] };
  }
  try {
    const document = parseDocument(text, {
      lineCounter: lines,
      version: "1.2",
      prettyErrors: false,
      logLevel: "error",
    });
    const complaints = [...document.errors, ...document.warnings];
    if (complaints.length > 0) {
      return {
        document: undefined,
        problems: complaints.slice(0, MAX_COMPLAINTS).map((error) => ({
          code: "case/yaml",
          what: describe(error),
          at: positionAt(error.pos[0]),
          ...(SCRIPT_LIKE.test(error.message) ? { fix: "write a script as a `|` block, or in quotes" } : {}),
        })),
      };
    }
    if (document.contents === null || (isScalar(document.contents) && document.contents.value === null)) {
      return {
        document: undefined,
        problems: [{ code: "case/empty", what: "the file is empty", at: positionAt(0) }],
      };
    }
    return { document: locate(document, positionAt), problems: [] };
  } catch (error) {
    if (error instanceof Unrepresentable) {
      return { document: undefined, problems: [{ code: error.code, what: error.message, at: error.at }] };
    }
    // The parser recurses: a file of ten thousand brackets exhausts the stack.
    const what =
      error instanceof RangeError
        ? "the values are nested too deeply"
        : `cannot be parsed: ${errorMessage(error)}`;
    return { document: undefined, problems: [{ code: "case/yaml", what, at: positionAt(0) }] };
  }
}

function codePoint(character: string): string {
  const hex = (character.codePointAt(0) ?? 0).toString(16).toUpperCase();
  const hint = character === "\r" ? " (CR without LF: save it with LF at the ends of lines)" : "";
  return `U+${hex.padStart(4, "0")}${hint}`;
}

function describe(error: YAMLError): string {
  // The parser recurses: thousands of brackets exhaust the stack, which it then tells as a mistake of the file.
  if (/call stack/.test(error.message)) return "the values are nested too deeply";
  if (error.code === "DUPLICATE_KEY") return "the key is there twice in this map";
  if (error.code === "MULTIPLE_DOCS")
    return "the file holds several documents (`---`): a file is one case, use `matrix`";
  return `not valid YAML: ${error.message}`;
}

function locate(document: Document.Parsed, positionAt: (offset: number) => SourcePosition): Located {
  let values = 0;
  const open = new Set<unknown>();

  const visit = (node: Node | null | undefined, around: SourcePosition): Located => {
    const at = node?.range === undefined || node.range === null ? around : positionAt(node.range[0]);
    values += 1;
    if (values > MAX_VALUES) {
      throw new Unrepresentable(
        "case/too-large",
        `more than ${MAX_VALUES} values when its aliases are written out`,
        at,
      );
    }
    if (node === null || node === undefined) return { kind: "scalar", at, value: null };
    if (isAlias(node)) {
      const meant = node.resolve(document);
      if (meant !== undefined) return visit(meant, at);
      throw new Unrepresentable("case/yaml", `no anchor \`&${node.source}\` stands before this`, at);
    }
    if (isScalar(node)) return { kind: "scalar", at, value: plainScalar(node.value, at) };
    if (open.has(node))
      throw new Unrepresentable("case/yaml", "the alias stands inside of what it means", at);
    if (open.size >= MAX_DEPTH) {
      throw new Unrepresentable("case/yaml", `the values are nested more than ${MAX_DEPTH} levels deep`, at);
    }
    open.add(node);
    const result: Located = isSeq(node)
      ? { kind: "list", at, items: node.items.map((item) => visit(item as Node | null, at)) }
      : { kind: "map", at, entries: isMap(node) ? entriesOf(node, at) : new Map() };
    open.delete(node);
    return result;
  };

  const entriesOf = (node: YAMLMap, at: SourcePosition): Map<string, LocatedEntry> => {
    const entries = new Map<string, LocatedEntry>();
    for (const pair of node.items as Pair<Node | null, Node | null>[]) {
      const keyAt = pair.key?.range ? positionAt(pair.key.range[0]) : at;
      if (!isScalar(pair.key)) throw new Unrepresentable("case/yaml", "a key must be a word", keyAt);
      const key = String(pair.key.value);
      if (key === "__proto__") throw new Unrepresentable("case/yaml", "`__proto__` cannot be a key", keyAt);
      if (entries.has(key))
        throw new Unrepresentable("case/yaml", `the key \`${key}\` is there twice`, keyAt);
      entries.set(key, { keyAt, node: visit(pair.value, keyAt) });
    }
    return entries;
  };

  return visit(document.contents as Node | null, positionAt(0));
}

function plainScalar(value: unknown, at: SourcePosition): null | boolean | number | string {
  if (typeof value === "string" && value.includes("\0")) {
    throw new Unrepresentable("case/yaml", "neither a script nor a database can hold the character \\0", at);
  }
  if (value === null || typeof value === "boolean" || typeof value === "string") return value;
  if (typeof value === "number") {
    if (Number.isFinite(value)) return value;
    throw new Unrepresentable("case/yaml", "the number is not finite", at);
  }
  throw new Unrepresentable("case/yaml", "the value is of a type that a case does not know", at);
}
