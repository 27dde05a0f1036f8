import type { AlertConfig } from "../config/index.ts";
import type { ConfigReader } from "./config-reader.ts";

const DAY_MS = 24 * 3_600_000;
const LONGEST_TRY_MS = 10 * 60_000;
const MOST_IDS = 2 ** 31 - 1;

/** Reads the section `alert`. */
export function readAlert(reader: ConfigReader): AlertConfig {
  const duration = (key: string, fallback: number, least: number, most = 30 * DAY_MS): number =>
    reader.number(key, { fallback, least, most });
  const alert: AlertConfig = {
    windowMs: duration("windowMs", 600_000, 0),
    defaultGroupId: reader.number("defaultGroupId", { fallback: 1, least: 0, most: MOST_IDS }),
    sendTimeoutMs: duration("sendTimeoutMs", 10_000, 10, LONGEST_TRY_MS),
    retryBaseMs: duration("retryBaseMs", 1000, 10),
    retryMaxMs: duration("retryMaxMs", 300_000, 10),
    maxTries: reader.number("maxTries", { fallback: 100, least: 1, most: 1_000_000 }),
    giveUpAfterMs: duration("giveUpAfterMs", DAY_MS, 0),
    sendsPerChannel: reader.number("sendsPerChannel", { fallback: 4, least: 1, most: 1000 }),
    scriptDirectories: reader.texts("scriptDirectories"),
  };
  reader.finish();
  return alert;
}
