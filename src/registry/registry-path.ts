import { RegistryError } from "./registry.ts";

/** Name of the top-level node that back ends may keep for themselves; nobody's nodes lie there. */
export const RESERVED_NAME = ".locks";

/** Throws RegistryError (INVALID) unless the path is absolute, without empty, dotted or reserved segments. */
export function checkPath(path: string): void {
  if (path === "/") return;
  const segments = path.split("/");
  const wrong =
    segments[0] !== "" ||
    segments.length < 2 ||
    segments[1] === RESERVED_NAME ||
    segments.slice(1).some((segment) => segment === "" || segment === "." || segment === "..") ||
    path.includes("\0");
  if (wrong) {
    throw new RegistryError(
      "INVALID",
      `"${path}" is no path of the registry: write it absolute, without a trailing slash, like /nodes/master`,
    );
  }
}

/** Throws RegistryError (INVALID) for what not all back ends can store: the root as a node, or a zero character. */
export function checkNode(path: string, value = ""): void {
  checkPath(path);
  if (path === "/")
    throw new RegistryError("INVALID", "the root of the registry is no node: name one below it");
  if (value.includes("\0")) {
    throw new RegistryError(
      "INVALID",
      `the value of ${path} contains a zero character, which Postgres cannot store`,
    );
  }
}

/** The prefix that exactly the paths below `path` begin with. */
export function prefixOf(path: string): string {
  return path === "/" ? "/" : `${path}/`;
}

/** Whether `path` is `prefix` or lies below it, by whole segments. */
export function isWithin(prefix: string, path: string): boolean {
  return path === prefix || path.startsWith(prefixOf(prefix));
}

/** Names of the direct children of `path` among these paths, sorted. */
export function childNames(path: string, paths: Iterable<string>): readonly string[] {
  const prefix = prefixOf(path);
  const names = new Set<string>();
  for (const candidate of paths) {
    if (!candidate.startsWith(prefix) || candidate === prefix) continue;
    names.add(candidate.slice(prefix.length).split("/", 1)[0] ?? "");
  }
  return [...names].sort();
}
