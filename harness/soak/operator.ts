import { workflowStateOfCode } from "../../src/model/index.ts";
import type { Finding } from "../expect/index.ts";
import type { Row } from "../observe/index.ts";
import { type AskPorts, askMasters } from "./ask-masters.ts";
import { Ledger, type Order, type Outcome } from "./ledger.ts";

export interface OperatorPorts extends AskPorts {
  /** One of the judge's own queries. Throws ObservationError. */
  readonly query: (sql: string, values?: readonly unknown[]) => Promise<readonly Row[]>;
  /** Is told how far it is, a few times a second. */
  readonly onTick?: (figures: OperatorFigures) => void;
}

export interface OperatorFigures {
  readonly started: number;
  readonly finished: number;
  readonly orders: number;
}

/** Workflows that are on their way at the same time, at most. */
const IN_FLIGHT = 16;
const TICK_MS = 200;
/** Chance of an order to a random workflow, in each tick. */
const ORDER_CHANCE = 0.12;
/** Chance that one which has ended is repeated. */
const REPEAT_CHANCE = 0.03;
/** After the last disturbance everything has to end in this time. */
const DRAIN_MS = 90_000;

/** States in which nothing happens any more unless somebody asks for it. */
const ENDED: ReadonlySet<string> = new Set(["SUCCESS", "FAILURE", "STOP", "PAUSE"]);

/**
 * Starts workflows, gives orders in between, and keeps the ledger. Requests are under way beside each other,
 * as those of
 * several people are: an order may overtake another, and arrive when its workflow has ended.
 */
export class Operator {
  readonly #ports: OperatorPorts;
  readonly #ledger = new Ledger();
  readonly #names = new Map<number, string>();
  readonly #open = new Map<number, string>();
  readonly #asking = new Set<Promise<void>>();
  #starting = 0;
  #orders = 0;

  constructor(ports: OperatorPorts) {
    this.#ports = ports;
  }

  /** Works until `over`, then until everything has ended. Gives what contradicts what was accepted. */
  async run(over: AbortSignal): Promise<readonly Finding[]> {
    const { clock, signal } = this.#ports;
    for (const row of await this.#ports.query(
      "SELECT code, name FROM t_ds_workflow_definition ORDER BY code",
    )) {
      this.#names.set(Number(row["code"]), String(row["name"]));
    }
    while (!over.aborted && !signal.aborted) {
      this.#startOne();
      this.#orderSomething();
      await clock.sleep(TICK_MS, signal);
      await this.#look(true);
    }
    const leftOver = await this.#drain();
    return [...leftOver, ...this.#ledger.compare(await this.#outcomes())];
  }

  #ask(work: () => Promise<void>): void {
    const asking: Promise<void> = work().finally(() => this.#asking.delete(asking));
    this.#asking.add(asking);
  }

  #startOne(): void {
    if (this.#open.size + this.#starting >= IN_FLIGHT) return;
    const codes = [...this.#names.keys()];
    const code = codes[this.#ports.random.below(codes.length)];
    const shape = this.#names.get(code ?? 0);
    if (code === undefined || shape === undefined) return;
    this.#starting += 1;
    this.#ask(async () => {
      const answer = await askMasters(this.#ports, { kind: "start", workflowDefinitionCode: code });
      this.#starting -= 1;
      if ("unanswered" in answer) return this.#ledger.unanswered(`start ${shape} (${answer.unanswered})`);
      if (!answer.accepted) return this.#ledger.unanswered(`start ${shape} was refused: ${answer.reason}`);
      this.#ledger.started(answer.workflowInstanceId, shape);
      this.#open.set(answer.workflowInstanceId, "SUBMITTED_SUCCESS");
    });
  }

  #orderSomething(): void {
    const { random } = this.#ports;
    if (random.next() >= ORDER_CHANCE) return;
    const ids = [...this.#open.keys()];
    const id = ids[random.below(Math.max(1, ids.length))];
    if (id !== undefined) this.#order(id, random.next() < 0.5 ? "stop" : "pause");
  }

  #order(id: number, order: Order): void {
    this.#orders += 1;
    this.#ask(async () => {
      const answer = await askMasters(this.#ports, { kind: order, workflowInstanceId: id });
      if ("unanswered" in answer) return this.#ledger.unanswered(`${order} ${id} (${answer.unanswered})`);
      // Refused: it had ended, or goes on already. That is the master's good right.
      if (!answer.accepted) return;
      this.#ledger.ordered(id, order);
      this.#open.set(id, "ordered");
    });
  }

  /** Follows those that are open; paused ones are resumed, and a few of the others repeated. */
  async #look(mayRepeat: boolean): Promise<void> {
    const { query, random, onTick } = this.#ports;
    const ids = [...this.#open.keys()];
    const waiting = ids.length === 0 ? [] : await query(WAITING, [ids]);
    const hasCommand = new Set(waiting.map((row) => Number(row["id"])));
    const rows = ids.length === 0 ? [] : await query(STATES, [ids]);
    for (const row of rows) {
      const id = Number(row["id"]);
      const state = workflowStateOfCode(Number(row["state"])) ?? String(row["state"]);
      const before = this.#open.get(id);
      this.#open.set(id, state);
      // Twice in a row: an order that was accepted in between is a command by now, or was refused.
      if (!ENDED.has(state) || hasCommand.has(id) || before !== state) continue;
      this.#open.delete(id);
      if (state === "PAUSE") this.#order(id, "recoverSuspended");
      else if (mayRepeat && random.next() < REPEAT_CHANCE) this.#order(id, "repeat");
    }
    const started = this.#ledger.size;
    onTick?.({ started, finished: started - this.#open.size, orders: this.#orders });
  }

  /** Everything has to end now. Gives what did not. */
  async #drain(): Promise<readonly Finding[]> {
    const { clock, signal, query } = this.#ports;
    const deadlineMs = clock.monotonicMs() + DRAIN_MS;
    let commands = 0;
    while (clock.monotonicMs() < deadlineMs && !signal.aborted) {
      await clock.sleep(TICK_MS, signal);
      await this.#look(false);
      commands = Number((await query("SELECT count(*) AS n FROM t_ds_command"))[0]?.["n"] ?? 0);
      if (this.#open.size === 0 && this.#asking.size === 0 && commands === 0) return [];
    }
    const open = [...this.#open].map(([id, state]) => `${id} is ${state}`).join(", ");
    const message =
      `${Math.round(DRAIN_MS / 1000)} s after the last disturbance ${this.#open.size} workflows had not ended ` +
      `(${open}), ${this.#asking.size} requests were under way, ${commands} commands waited`;
    return [{ kind: "expectation", code: "soak", pointer: "/inject", message }];
  }

  async #outcomes(): Promise<readonly Outcome[]> {
    const rows = await this.#ports.query(OUTCOMES);
    return rows.map((row) => ({
      id: Number(row["id"]),
      shape: this.#names.get(Number(row["code"])) ?? String(row["code"]),
      state: workflowStateOfCode(Number(row["state"])) ?? String(row["state"]),
      runTimes: Number(row["runs"]),
    }));
  }
}

const STATES = "SELECT id, state FROM t_ds_workflow_instance WHERE id = ANY($1)";
const WAITING = "SELECT workflow_instance_id AS id FROM t_ds_command WHERE workflow_instance_id = ANY($1)";
const OUTCOMES =
  "SELECT id, workflow_definition_code AS code, state, run_times AS runs FROM t_ds_workflow_instance ORDER BY id";
