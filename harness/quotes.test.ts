import { readFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, test } from "@jest/globals";

/** Documents quote real files: a marker `<!-- quote: file -->`, then a code block that is the file or a part of it. */

const ROOT = path.resolve(__dirname, "..");
const QUOTE = /<!-- quote: (\S+) -->\n\n```yaml\n([\s\S]*?)\n```/g;

describe.each(["README.md", "docs/writing-cases.md"])("%s", (document) => {
  const text = readFileSync(path.join(ROOT, document), "utf8");
  const quotes = [...text.matchAll(QUOTE)].map(([, file = "", quoted = ""]) => ({ file, quoted }));

  test("quotes files", () => {
    expect(quotes.length).toBeGreaterThan(0);
    expect(text.match(/```yaml/g)?.length).toBe(quotes.length);
  });

  test.each(quotes)("quotes $file as it is", ({ file, quoted }) => {
    expect(readFileSync(path.join(ROOT, file), "utf8")).toContain(`${quoted}\n`);
  });

  test("names only files that exist", () => {
    const links = [...text.matchAll(/\]\(([^)#]+)\)/g)].map(([, target = ""]) => target);
    for (const link of links.filter((target) => !target.includes(":"))) {
      expect(() => readFileSync(path.join(ROOT, path.dirname(document), link))).not.toThrow();
    }
  });
});
