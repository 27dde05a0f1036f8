import type { Events } from "../model/index.ts";

/** What a person would want to read about a node, beside its events. */
export interface Log {
  debug(message: string): void;
  info(message: string): void;
  warn(message: string): void;
  error(message: string): void;
}

/**
 * A log that goes to the events. `printLine` gets what a person at the terminal has to know: errors always, warnings
 * when no supervisor reads the events.
 */
export function createLog(options: {
  readonly events: Events;
  readonly supervised: boolean;
  readonly printLine: (line: string) => void;
}): Log {
  const { events, supervised, printLine } = options;
  const emit = (level: keyof Log, message: string): void => events.emit({ type: "log", level, message });
  return {
    debug: (message) => emit("debug", message),
    info: (message) => emit("info", message),
    warn(message) {
      emit("warn", message);
      if (!supervised) printLine(`warning: ${message}`);
    },
    error(message) {
      emit("error", message);
      printLine(`error: ${message}`);
    },
  };
}
