import { open } from "node:fs/promises";

/** A script sets an OUT parameter by printing `${setValue(name=value)}` (or with `#` instead of `$`). */
const SET_VALUE = /[$#]\{setValue\(([^=)\n]+)=([^\n]*?)\)\}/g;

/** So much of the end of a log is looked at; the parameters of a script are few, and printed at its end. */
const LOOKED_AT_BYTES = 4 * 1024 * 1024;

/** The OUT parameters in what a script printed; the last of a name counts. */
export function parseOutParameters(text: string): Record<string, string> {
  const out: Record<string, string> = {};
  for (const [, name = "", value = ""] of text.matchAll(SET_VALUE)) out[name.trim()] = value;
  return out;
}

/** The OUT parameters in a log file. A log that cannot be read has none. */
export async function readOutParameters(logPath: string): Promise<Record<string, string>> {
  try {
    const file = await open(logPath, "r");
    try {
      const { size } = await file.stat();
      const length = Math.min(size, LOOKED_AT_BYTES);
      const { buffer } = await file.read(Buffer.alloc(length), 0, length, size - length);
      return parseOutParameters(buffer.toString("utf8"));
    } finally {
      await file.close();
    }
  } catch {
    return {};
  }
}
