import { readFileSync } from "node:fs";
import path from "node:path";
import { expect, test } from "@jest/globals";
import { ConfigReader } from "./config-reader.ts";
import { readNodeConfig } from "./load-node-config.ts";

/** Keys that are told with the sections that have them only when these are written. */
const SECTIONS = { overload: {}, log: {}, alert: {} };
const DEFAULTS_ELSEWHERE = { logRetentionMs: 604_800_000, logLimitBytes: 1024 ** 3 };

/** Rows of the table of keys: key and default, as written. */
function readPage(): Map<string, string> {
  const text = readFileSync(path.resolve("docs/configuration.md"), "utf8");
  const rows = text
    .slice(0, text.indexOf("\n## "))
    .split("\n")
    .filter((line) => line.startsWith("| `"))
    .map((line) => line.split("|").map((cell) => cell.trim()));
  return new Map(rows.map((cells) => [(cells[1] ?? "").replaceAll("`", ""), cells[3] ?? ""]));
}

/** An object that notes the path of every key that is asked of it. */
function watched(value: object, asked: Set<string>, at = ""): object {
  return new Proxy(value, {
    get(target, key) {
      const found: unknown = Reflect.get(target, key);
      if (typeof key !== "string") return found;
      const keyPath = at === "" ? key : `${at}.${key}`;
      if (typeof found === "object" && found !== null && !Array.isArray(found))
        return watched(found, asked, keyPath);
      asked.add(keyPath);
      return found;
    },
  });
}

function flatten(value: object, at = ""): [string, unknown][] {
  return Object.entries(value).flatMap(([key, item]: [string, unknown]) => {
    const keyPath = at === "" ? key : `${at}.${key}`;
    const isSection = typeof item === "object" && item !== null && !Array.isArray(item);
    return isSection ? flatten(item, keyPath) : [[keyPath, item] as [string, unknown]];
  });
}

const MINIMAL = {
  kind: "master",
  address: "a:1",
  databaseUrl: "postgres://me@h/db",
  dataDirectory: "/x",
  ...SECTIONS,
};
const ZOOKEEPER = { ...MINIMAL, registry: { kind: "zookeeper", servers: "z:1", root: "/a" } };
const JDBC = { ...MINIMAL, registry: { kind: "jdbc", url: "postgres://me@h/db", root: "/a" } };

test("the page has the keys that the program reads, no others", () => {
  const asked = new Set<string>();
  const empty = { listen: {}, timing: {}, master: {}, worker: {} };
  for (const config of [ZOOKEEPER, JDBC]) {
    readNodeConfig(new ConfigReader(watched({ ...empty, ...config }, asked), []));
  }
  expect([...asked].sort()).toEqual([...readPage().keys()].sort());
});

test("the defaults on the page are those of the program", () => {
  const page = readPage();
  const config = readNodeConfig(new ConfigReader(ZOOKEEPER, []));
  const given = new Set(flatten(ZOOKEEPER).map(([key]) => key));
  const defaults = flatten({ ...config, worker: { ...config.worker, ...DEFAULTS_ELSEWHERE } });
  for (const [key, value] of defaults) {
    if (given.has(key)) continue;
    expect(`${key} ${page.get(key)}`).toContain(`${key} \`${JSON.stringify(value)}\``);
  }
});
