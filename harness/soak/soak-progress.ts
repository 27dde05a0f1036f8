import type { Clock, Timer } from "../../src/base/index.ts";
import type { History } from "../observe/index.ts";
import type { OperatorFigures } from "./operator.ts";

const EVERY_MS = 5000;

/** Tells every few seconds how far a soak is; a line each, so that the output of a CI job can be read. */
export class SoakProgress {
  readonly #clock: Clock;
  readonly #write: (text: string) => void;
  readonly #counts = new Map<string, number>();
  #figures: OperatorFigures = { started: 0, finished: 0, orders: 0 };
  #timer: Timer | undefined;
  #history: History | undefined;
  #startedMs = 0;
  #highestRss = 0;

  constructor(clock: Clock, write: (text: string) => void) {
    this.#clock = clock;
    this.#write = write;
  }

  follow(history: History): void {
    this.#history = history;
    this.#startedMs = this.#clock.monotonicMs();
    history.subscribe((event) => {
      const { type } = event;
      if (type === "step.landed" || type === "failover.finished" || type === "fence.rejected") {
        this.#counts.set(type, (this.#counts.get(type) ?? 0) + 1);
      }
    });
    this.#timer = this.#clock.setPeriodic(EVERY_MS, () => this.#tell());
  }

  update(figures: OperatorFigures): void {
    this.#figures = figures;
  }

  stop(): void {
    this.#timer?.cancel();
    this.#tell();
  }

  #tell(): void {
    const { started, finished, orders } = this.#figures;
    const count = (type: string): number => this.#counts.get(type) ?? 0;
    const seconds = Math.round((this.#clock.monotonicMs() - this.#startedMs) / 1000);
    const time = `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
    this.#highestRss = Math.max(this.#highestRss, process.memoryUsage().rss);
    this.#write(
      `${time}  workflows ${finished} of ${started} ended, ${orders} orders; ` +
        `${count("step.landed")} disturbances, ${count("failover.finished")} failovers, ` +
        `${count("fence.rejected")} late writes fenced; ${this.#history?.events().length ?? 0} events, ` +
        `${Math.round(this.#highestRss / 2 ** 20)} MB\n`,
    );
  }
}
