// `npm run generate`: writes the pages under docs/ that are made from the schema and from the table of problem codes.
// The texts come from harness/case/telling/reference-pages.ts; a unit test fails when a page is not what this would write.
const { mkdtempSync, rmSync, writeFileSync } = require("node:fs");
const { tmpdir } = require("node:os");
const path = require("node:path");
const { buildSync } = require("esbuild");

const root = path.resolve(__dirname, "..");
const scratch = mkdtempSync(path.join(tmpdir(), "failover-generate-"));
try {
  const bundle = path.join(scratch, "reference-pages.cjs");
  buildSync({
    entryPoints: [path.join(root, "harness/case/telling/reference-pages.ts")],
    bundle: true,
    platform: "node",
    format: "cjs",
    outfile: bundle,
    logLevel: "error",
  });
  const { REFERENCE_PAGES } = require(bundle);
  for (const [file, text] of Object.entries(REFERENCE_PAGES)) writeFileSync(path.join(root, file), text());
} finally {
  rmSync(scratch, { recursive: true, force: true });
}
