import type { CaseResult } from "./case-result.ts";
import { createColors } from "./colors.ts";
import { formatFailure } from "./failure-block.ts";

export interface JunitOptions {
  /** Name of the suite: the environment. */
  readonly name: string;
  readonly durationMs: number;
  readonly readText: (file: string) => string | undefined;
}

/** The results in the XML that CI systems read. An INCONCLUSIVE case is an error: nothing can be said of it. */
export function formatJunit(results: readonly CaseResult[], options: JunitOptions): string {
  const count = (...verdicts: readonly string[]): number =>
    results.filter(({ judgement }) => verdicts.includes(judgement.verdict)).length;
  const attributes = attributesOf({
    name: options.name,
    tests: results.length,
    failures: count("FAIL"),
    errors: count("ERROR", "INCONCLUSIVE"),
    skipped: count("SKIP"),
    time: seconds(options.durationMs),
  });
  const cases = results.map((result) => formatCase(result, options)).join("\n");
  return `<?xml version="1.0" encoding="UTF-8"?>
<testsuites>
<testsuite ${attributes}>
${cases}
</testsuite>
</testsuites>
`;
}

function formatCase(result: CaseResult, options: JunitOptions): string {
  const { name, combination, file } = result.case;
  const attributes = attributesOf({
    name: combination === "" ? name : `${name} [${combination}]`,
    classname: file.replace(/\.ya?ml$/, "").replaceAll("/", "."),
    file,
    time: seconds(result.durationMs),
  });
  return `<testcase ${attributes}>${formatOutcome(result, options)}</testcase>`;
}

function formatOutcome(result: CaseResult, options: JunitOptions): string {
  const { verdict, findings } = result.judgement;
  const message = findings[0]?.message ?? verdict;
  switch (verdict) {
    case "PASS":
      return "";
    case "SKIP":
      return `<skipped ${attributesOf({ message })}/>`;
    case "FAIL":
    case "ERROR":
    case "INCONCLUSIVE": {
      const element = verdict === "FAIL" ? "failure" : "error";
      const text = formatFailure(result, { colors: createColors(false), readText: options.readText });
      const type = findings[0]?.code ?? verdict;
      return `<${element} ${attributesOf({ message, type })}>${escapeXml(text)}</${element}>`;
    }
  }
}

const seconds = (milliseconds: number): string => (milliseconds / 1000).toFixed(3);

function attributesOf(values: Readonly<Record<string, string | number>>): string {
  return Object.entries(values)
    .map(([name, value]) => `${name}="${escapeXml(String(value))}"`)
    .join(" ");
}

/** What XML 1.0 cannot hold, a script of a case may well print. */
const isForbidden = (code: number): boolean => code < 32 && code !== 9 && code !== 10 && code !== 13;

function escapeXml(text: string): string {
  return Array.from(text, (character) => (isForbidden(character.codePointAt(0) ?? 0) ? "" : character))
    .join("")
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;");
}
