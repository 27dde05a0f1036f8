import { existsSync } from "node:fs";
import path from "node:path";

/**
 * The directory of this package: the nearest one above the running file that has both package.json and the build
 * script. The same
 * from a bundle in dist/ and from a source file under jest.
 */
export function projectRoot(): string {
  let here = __dirname;
  while (!(existsSync(path.join(here, "package.json")) && existsSync(path.join(here, "scripts/build.cjs")))) {
    const above = path.dirname(here);
    if (above === here) throw new Error(`no package.json above ${__dirname}`);
    here = above;
  }
  return here;
}
