import { readFileSync } from "node:fs";
import { errorMessage } from "../base/index.ts";
import type { LogConfig, NodeConfig, OverloadConfig, RegistryConfig, TimingConfig } from "../config/index.ts";
import { NODE_KINDS } from "../model/index.ts";
import { checkTiming } from "./check-timing.ts";
import { type ConfigProblem, ConfigReader } from "./config-reader.ts";
import { fillInValues } from "./fill-in-values.ts";
import { readAlert } from "./read-alert-config.ts";

/** A configuration that a node cannot start with; the message names every problem and how to fix it. */
export class ConfigError extends Error {
  override readonly name = "ConfigError";
}

const ADDRESS = { pattern: /^[^\s/@]+:\d{1,5}$/, form: "an address of the form host:port" };
const POSTGRES_URL = {
  pattern: /^postgres(ql)?:\/\/\S+$/,
  form: "a URL like postgres://user@host:5432/database",
};
const ROOT = { pattern: /^\/\S*[^/\s]$/, form: "a path that starts with / and does not end with it" };
const DAY_MS = 24 * 3_600_000;
const LONGEST_MS = DAY_MS;
/** Ten years. */
const LONGEST_RETENTION_MS = 3650 * DAY_MS;

type Parse = (text: string) => unknown;

const YAML_FILE = /\.ya?ml$/i;

/** What reads a configuration file of that name. YAML costs some 50 ms to load: only who writes it pays for it. */
export async function configParserFor(file: string): Promise<Parse> {
  if (!YAML_FILE.test(file)) return JSON.parse;
  const { parse } = await import("yaml");
  return (text) => parse(text) as unknown;
}

/** Reads a configuration file. Throws ConfigError with all that is wrong in it. */
export function loadNodeConfig(file: string, parse: Parse = JSON.parse): NodeConfig {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (error) {
    throw new ConfigError(
      `cannot read the configuration: ${errorMessage(error)}; name an existing file by --config`,
    );
  }
  let value: unknown;
  try {
    value = parse(text);
  } catch (error) {
    throw new ConfigError(`${file} is not ${YAML_FILE.test(file) ? "YAML" : "JSON"}: ${errorMessage(error)}`);
  }
  const problems: ConfigProblem[] = [];
  const filled = fillInValues(value, { environment: process.env, problems });
  if (problems.length > 0) throw invalid(file, problems);
  const config = readNodeConfig(new ConfigReader(filled, problems));
  // Between values that are wrong by themselves no relation need hold.
  if (problems.length === 0) problems.push(...checkTiming(config.timing));
  if (problems.length > 0) throw invalid(file, problems);
  return config;
}

function invalid(file: string, problems: readonly ConfigProblem[]): ConfigError {
  const lines = problems.map(({ key, message }) => `  ${key} ${message}`);
  return new ConfigError(`${file} is not a valid configuration:\n${lines.join("\n")}`);
}

/** Reads the keys of a configuration; what is wrong is with the reader's problems. */
export function readNodeConfig(reader: ConfigReader): NodeConfig {
  const kind = reader.oneOf("kind", NODE_KINDS);
  const config: NodeConfig = {
    kind,
    address: reader.text("address", ADDRESS),
    listen: readListen(reader.object("listen")),
    ...(reader.has("dial") ? { dial: reader.table("dial") } : {}),
    registry: readRegistry(reader.object("registry")),
    ...(kind !== "worker" || reader.has("databaseUrl")
      ? { databaseUrl: reader.text("databaseUrl", POSTGRES_URL) }
      : {}),
    dataDirectory: reader.text("dataDirectory", { form: "the path of a directory" }),
    timing: readTiming(reader.object("timing")),
    disconnectStrategy: reader.oneOf("disconnectStrategy", ["STOP", "WAITING"], "STOP"),
    ...(reader.has("overload") ? { overload: readOverload(reader.object("overload")) } : {}),
    ...(reader.has("log") ? { log: readLog(reader.object("log")) } : {}),
    master: readMaster(reader.object("master")),
    worker: readWorker(reader.object("worker")),
    ...(kind === "alert-server" || reader.has("alert") ? { alert: readAlert(reader.object("alert")) } : {}),
  };
  reader.finish();
  return config;
}

function readListen(reader: ConfigReader): NodeConfig["listen"] {
  const listen = {
    host: reader.text("host", { fallback: "127.0.0.1" }),
    port: reader.number("port", { fallback: 0, least: 0, most: 65_535 }),
  };
  reader.finish();
  return listen;
}

function readRegistry(reader: ConfigReader): RegistryConfig {
  const kind = reader.oneOf("kind", ["zookeeper", "jdbc"]);
  const root = reader.text("root", ROOT);
  const registry: RegistryConfig =
    kind === "jdbc"
      ? { kind, root, url: reader.text("url", POSTGRES_URL) }
      : { kind, root, servers: reader.text("servers", { form: "host:port,host:port" }) };
  reader.finish();
  return registry;
}

function readTiming(reader: ConfigReader): TimingConfig {
  const session = { fallback: 10_000, least: 100, most: LONGEST_MS };
  const sessionTimeoutMs = reader.number("sessionTimeoutMs", session);
  const duration = (key: string, fallback: number): number =>
    reader.number(key, { fallback, least: 0, most: LONGEST_MS });
  const timing = {
    sessionTimeoutMs,
    failoverDelayMs: duration("failoverDelayMs", 0),
    reconcileIntervalMs: duration("reconcileIntervalMs", 2 * sessionTimeoutMs),
    shutdownGraceMs: duration("shutdownGraceMs", 3000),
    dispatchTimeoutMs: duration("dispatchTimeoutMs", 0),
    retentionMs: reader.number("retentionMs", {
      fallback: 7 * DAY_MS,
      least: 1000,
      most: LONGEST_RETENTION_MS,
    }),
  };
  reader.finish();
  return timing;
}

function readOverload(reader: ConfigReader): OverloadConfig {
  const share = { fallback: 1, least: 0, most: 1 };
  const overload = {
    cpuAbove: reader.number("cpuAbove", share),
    memoryAbove: reader.number("memoryAbove", share),
    diskAbove: reader.number("diskAbove", share),
  };
  reader.finish();
  return overload;
}

function readLog(reader: ConfigReader): LogConfig {
  const log = {
    format: reader.oneOf("format", ["text", "json"], "text"),
    level: reader.oneOf("level", ["debug", "info", "warn", "error"], "info"),
  };
  reader.finish();
  return log;
}

function readMaster(reader: ConfigReader): NodeConfig["master"] {
  const master = {
    failoverBatchSize: reader.number("failoverBatchSize", { fallback: 1000, least: 1, most: 100_000 }),
    loadBalancer: reader.oneOf(
      "loadBalancer",
      ["RANDOM", "ROUND_ROBIN", "FIXED_WEIGHTED_ROUND_ROBIN", "DYNAMIC_WEIGHTED_ROUND_ROBIN"],
      "DYNAMIC_WEIGHTED_ROUND_ROBIN",
    ),
  };
  reader.finish();
  return master;
}

function readWorker(reader: ConfigReader): NodeConfig["worker"] {
  const worker = {
    taskSlots: reader.number("taskSlots", { fallback: 100, least: 1, most: 100_000 }),
    weight: reader.number("weight", { fallback: 100, least: 0, most: 1_000_000 }),
    busyAbove: reader.number("busyAbove", { fallback: 1, least: 0, most: 1 }),
    groups: reader.texts("groups"),
    ...(reader.has("logRetentionMs")
      ? { logRetentionMs: reader.number("logRetentionMs", { least: 0, most: LONGEST_RETENTION_MS }) }
      : {}),
    ...(reader.has("logLimitBytes")
      ? { logLimitBytes: reader.number("logLimitBytes", { least: 0, most: Number.MAX_SAFE_INTEGER }) }
      : {}),
  };
  reader.finish();
  return worker;
}
