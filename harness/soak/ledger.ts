import type { OperatorRequest } from "../../src/model/index.ts";
import type { Finding } from "../expect/index.ts";

export type Order = Exclude<OperatorRequest["request"]["kind"], "start" | "backfill">;

/** An instance that the soak started, and what it asked of it since. */
export interface Booking {
  readonly id: number;
  /** Name of its workflow. */
  readonly shape: string;
  readonly orders: Readonly<Record<Order, number>>;
}

/** A row of t_ds_workflow_instance as the ledger compares it. */
export interface Outcome {
  readonly id: number;
  /** Name of its workflow. */
  readonly shape: string;
  readonly state: string;
  readonly runTimes: number;
}

const NO_ORDERS = { stop: 0, pause: 0, repeat: 0, recoverFailed: 0, recoverSuspended: 0 } as const;

/** What was asked of the cluster and accepted: what the rows have to agree with in the end. */
export class Ledger {
  readonly #bookings = new Map<number, Booking>();
  readonly #unanswered: string[] = [];

  /** A start that was accepted. */
  started(id: number, shape: string): void {
    if (!this.#bookings.has(id)) this.#bookings.set(id, { id, shape, orders: NO_ORDERS });
  }

  /** An order that was accepted. */
  ordered(id: number, order: Order): void {
    const booking = this.#bookings.get(id);
    if (booking === undefined) return;
    const orders = { ...booking.orders, [order]: booking.orders[order] + 1 };
    this.#bookings.set(id, { ...booking, orders });
  }

  /** A request that no master answered in all its time: nobody knows whether it is carried out. */
  unanswered(what: string): void {
    this.#unanswered.push(what);
  }

  get size(): number {
    return this.#bookings.size;
  }

  /** What in the rows contradicts what was accepted. */
  compare(rows: readonly Outcome[]): readonly Finding[] {
    const byId = new Map(rows.map((row) => [row.id, row]));
    const wrong = [...this.#bookings.values()].flatMap((booking) => {
      const row = byId.get(booking.id);
      return row === undefined
        ? [`${nameOf(booking)} was accepted and there is no row of it`]
        : judge(booking, row);
    });
    // A start whose answer got lost may have made an instance that nobody here knows the number of.
    const extra = rows.filter(({ id }) => !this.#bookings.has(id));
    if (extra.length > this.#unanswered.length) {
      const names = extra.map(nameOf).join(", ");
      wrong.push(`${extra.length} instances were not asked for: ${names}`);
    }
    const silent = this.#unanswered.map((what) => `no master ever answered: ${what}`);
    return [...wrong, ...silent].map((message) => ({
      kind: "expectation",
      code: "soak",
      pointer: "/inject",
      message,
    }));
  }
}

const nameOf = ({ shape, id }: { readonly shape: string; readonly id: number }): string =>
  `${shape} (instance ${id})`;

const AGAIN = ["repeat", "recoverFailed", "recoverSuspended"] as const;

function judge(booking: Booking, row: Outcome): readonly string[] {
  const { orders, shape } = booking;
  const ends = new Set([shape.startsWith("fails") ? "FAILURE" : "SUCCESS"]);
  if (orders.stop > 0) ends.add("STOP");
  if (orders.pause > 0) ends.add("PAUSE");
  const told = Object.entries(orders).flatMap(([order, count]) => (count > 0 ? [`${count} x ${order}`] : []));
  const after = told.length === 0 ? "" : ` after ${told.join(", ")}`;
  const wrong: string[] = [];
  if (!ends.has(row.state)) {
    wrong.push(`${nameOf(row)} should be ${[...ends].join(" or ")}${after}, and is ${row.state}`);
  }
  // Each order to do it again is a run of its own: fewer were lost, more were done twice.
  const runs = 1 + AGAIN.reduce((sum, order) => sum + orders[order], 0);
  if (row.runTimes !== runs)
    wrong.push(`${nameOf(row)} should have run_times ${runs}${after}, and has ${row.runTimes}`);
  return wrong;
}
