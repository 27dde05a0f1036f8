import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { buildSync } from "esbuild";

/** Bundles the guard into a new directory and returns its file: tests run the sources, not a dist/ of some time ago. */
export function bundleGuard(): { readonly guardPath: string; readonly directory: string } {
  const directory = mkdtempSync(path.join(tmpdir(), "failover-guard-"));
  const guardPath = path.join(directory, "guard.cjs");
  buildSync({
    entryPoints: [path.resolve("src/bin/guard.ts")],
    bundle: true,
    platform: "node",
    format: "cjs",
    target: "node20",
    outfile: guardPath,
  });
  return { guardPath, directory };
}
