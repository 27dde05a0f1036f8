import { type Clock, errorMessage, type Timer } from "../base/index.ts";
import type { Log } from "../node/index.ts";
import { type Database, selectWorkerGroups } from "../store/index.ts";

/** Addresses of the workers of each group that has a row. */
export type WorkerGroupTable = ReadonlyMap<string, ReadonlySet<string>>;

/** Worker groups as t_ds_worker_group has them. */
export interface WorkerGroups {
  /** The rows as they were read last; undefined before the first time. */
  readonly table: WorkerGroupTable | undefined;
  /** They were changed: read them now. */
  refresh(): void;
  close(): void;
}

export interface WorkerGroupsOptions {
  readonly clock: Clock;
  readonly database: Database;
  readonly log: Log;
  /** A look at the rows when no hint came, milliseconds. */
  readonly pollMs: number;
  readonly onChange: () => void;
}

/** The addresses of an `addr_list`: comma separated, blanks and empty places do not count. */
export function parseAddressList(text: string | null): ReadonlySet<string> {
  const parts = (text ?? "").split(",").map((part) => part.trim());
  return new Set(parts.filter((part) => part !== ""));
}

function isEqual(left: WorkerGroupTable | undefined, right: WorkerGroupTable): boolean {
  if (left?.size !== right.size) return false;
  return [...right].every(([name, addresses]) => {
    const before = left.get(name);
    return before?.size === addresses.size && [...addresses].every((address) => before.has(address));
  });
}

/** Reads the rows now, on every hint and by poll. What cannot be read stays as it was. */
export function watchWorkerGroups(options: WorkerGroupsOptions): WorkerGroups {
  const { clock, database, log, onChange } = options;
  let table: WorkerGroupTable | undefined;
  let reading = false;
  let again = false;
  let closed = false;

  async function read(): Promise<void> {
    const rows = await selectWorkerGroups(database);
    const fresh = new Map(rows.map(({ name, addressList }) => [name, parseAddressList(addressList)]));
    if (closed || isEqual(table, fresh)) return;
    table = fresh;
    onChange();
  }

  function refresh(): void {
    again = true;
    if (reading || closed) return;
    again = false;
    reading = true;
    read()
      .catch((error: unknown) => log.debug(`worker groups were not read: ${errorMessage(error)}`))
      .finally(() => {
        reading = false;
        if (again) refresh();
      });
  }

  const timer: Timer = clock.setPeriodic(options.pollMs, refresh);
  refresh();
  return {
    get table() {
      return table;
    },
    refresh,
    close() {
      closed = true;
      timer.cancel();
    },
  };
}
