import type { Events } from "../model/index.ts";

/** What a person would want to read about a node, beside its events. */
export interface Log {
  debug(message: string): void;
  info(message: string): void;
  warn(message: string): void;
  error(message: string): void;
}

/**
 * A log that goes to the events. `printLine` gets what a person has to know although a supervisor reads the events:
 * errors. Without a supervisor all entries are printed from the events themselves (log-writer.ts).
 */
export function createLog(options: {
  readonly events: Events;
  readonly printLine: (line: string) => void;
}): Log {
  const { events, printLine } = options;
  const emit = (level: keyof Log, message: string): void => events.emit({ type: "log", level, message });
  return {
    debug: (message) => emit("debug", message),
    info: (message) => emit("info", message),
    warn: (message) => emit("warn", message),
    error(message) {
      emit("error", message);
      printLine(`error: ${message}`);
    },
  };
}
