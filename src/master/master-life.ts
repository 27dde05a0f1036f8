import { setMaxListeners } from "node:events";
import { type Clock, errorMessage } from "../base/index.ts";
import { type Member, slotOf } from "../cluster/index.ts";
import { type ClaimLoop, startClaimLoop } from "../command/index.ts";
import { noteLeft } from "../failover/index.ts";
import type { Figure, NodeHealth } from "../node/index.ts";
import {
  advanceSession,
  COMMAND_CHANNEL,
  FencedError,
  insertJoining,
  insertSeenWorkers,
  markAlive,
  WORKER_GROUP_CHANNEL,
  WORKFLOW_CHANNEL,
} from "../store/index.ts";
import { composeMaster, type MasterLifeOptions, type MasterParts } from "./compose-master.ts";
import { masterGauges } from "./master-gauges.ts";
import { MasterPulse } from "./master-pulse.ts";
import { sweepOneself } from "./sweep-oneself.ts";

/**
 * One incarnation of a master, from its JOINING row to its end. It is over when it was fenced: everything that it
 * believed it owned is somebody else's by then, and all its writes change nothing.
 */
export class MasterLife {
  readonly incarnation: string;
  /** Resolves with the reason when this life was fenced. */
  readonly over: Promise<string>;
  #giveUp: (reason: string) => void = () => undefined;
  readonly #options: MasterLifeOptions;
  readonly #clock: Clock;
  readonly #stopping = new AbortController();
  readonly #parts: MasterParts;
  readonly #pulse: MasterPulse;
  /** Fenced, and still in the registry: the session of a predecessor that is certainly dead runs out later. */
  readonly #dead = new Set<string>();
  /** Workers that are in t_ds_server for certain. */
  readonly #onRecord = new Set<string>();
  #isOver = false;
  #claims: ClaimLoop | undefined;
  #rejoining: Promise<void> | undefined;

  constructor(options: MasterLifeOptions) {
    this.incarnation = options.incarnation;
    this.#options = options;
    this.#clock = options.ports.clock;
    // All that this master waits for ends with it; so many listeners are no leak.
    setMaxListeners(0, this.#stopping.signal);
    this.over = new Promise((resolve) => {
      this.#giveUp = (reason) => {
        this.#isOver = true;
        resolve(reason);
      };
    });
    this.#parts = composeMaster(options, {
      mayAct: () => this.mayAct(),
      mayJudge: () => this.#mayJudge(),
      joined: (member) => this.#joined(member),
      left: (member) => this.#left(member),
      mayWork: (incarnation) => this.#onRecord.has(incarnation) && !this.#dead.has(incarnation),
      died: (incarnation) => this.#died(incarnation),
      sessionLost: (reason) => this.#sessionLost(reason),
      fenced: (reason) => this.#giveUp(reason),
      stopping: this.#stopping.signal,
    });
    this.#pulse = new MasterPulse({
      ...this.#parts,
      ...options,
      stopping: this.#stopping.signal,
      onFenced: () => this.#giveUp("this master was fenced"),
      onDatabaseLost: () => void this.#parts.session.session.close(),
      looked: () => void this.#reconcile(),
    });
  }

  /** T as it was granted. */
  get sessionTimeoutMs(): number {
    return this.#parts.session.session.timeoutMs;
  }

  /** Effects are allowed: F has not passed. */
  mayAct(): boolean {
    return !this.#stopping.signal.aborted && this.#parts.session.held;
  }

  /** What a ping is answered: nobody may fence this life while something of it may still run. */
  inSession(): boolean {
    return !this.#stopping.signal.aborted && this.#parts.session.stands;
  }

  /** Judging others takes more: a connection, a whole view, and no stall of one's own lately. */
  #mayJudge(): boolean {
    return (
      this.mayAct() &&
      this.#parts.session.connected &&
      this.#parts.membership.complete &&
      !this.#pulse.stalled
    );
  }

  /** Join (OWNERSHIP): registered, reconciled once and working when it resolves. Throws when it cannot be. */
  async join(): Promise<void> {
    const { ports, config, database, predecessor } = this.#options;
    const { session, membership, coordinator, runs, workerGroups } = this.#parts;
    const { incarnation } = this;
    const me = {
      incarnation,
      kind: "master",
      address: config.address,
      startupTime: session.startupTime,
    } as const;
    await insertJoining(database, me);
    await session.open();
    await session.register();
    if (!(await markAlive(database, incarnation)))
      throw new FencedError("this master was fenced while it joined");
    database.listen(
      [COMMAND_CHANNEL, WORKFLOW_CHANNEL, WORKER_GROUP_CHANNEL],
      (channel, payload) => {
        if (channel === COMMAND_CHANNEL) this.#claims?.poke();
        else if (channel === WORKER_GROUP_CHANNEL) workerGroups.refresh();
        else runs.poke(Number(payload));
      },
      () => {
        workerGroups.refresh();
        this.#claims?.poke();
        runs.pokeAll();
      },
    );
    await membership.attach(session.session);
    this.#pulse.start();
    for (const dead of predecessor?.incarnations ?? []) {
      coordinator.suspect({
        kind: "master",
        address: config.address,
        incarnation: dead,
        sessionNo: undefined,
        proven: true,
      });
    }
    await this.#reconcile();
    this.#claims = this.#startClaims();
    ports.log.info(`master ${config.address} has joined`);
  }

  #startClaims(): ClaimLoop {
    const { ports, database, config } = this.#options;
    const { membership, timing, runs } = this.#parts;
    const { clock, events, failpoints, log } = ports;
    const me = { incarnation: this.incarnation, address: config.address };
    return startClaimLoop({
      ports: { clock, events, failpoints, log, database, me },
      mayAct: () => this.mayAct(),
      slot: () =>
        slotOf(
          membership.members("master").filter((member) => !this.#dead.has(member.incarnation)),
          this.incarnation,
        ),
      onOwned: (owned) => runs.take(owned),
      onFenced: () => this.#giveUp("this master was fenced"),
      onUnknown: () => void this.#audit(),
      pollMs: timing.commandPollMs,
      slotPatienceMs: timing.slotPatienceMs,
    });
  }

  /** The reconciliation, and the look at what is this master's own. What fails is looked at again next time. */
  async #reconcile(): Promise<void> {
    try {
      await this.#parts.reconciler.run();
      await this.#parts.runs.audit();
    } catch (error) {
      this.#complain("the reconciliation did not come to its end", error);
    }
  }

  async #audit(): Promise<void> {
    await this.#parts.runs
      .audit()
      .catch((error: unknown) => this.#complain("own workflows were not looked up", error));
  }

  #complain(what: string, error: unknown): void {
    if (error instanceof FencedError) this.#giveUp("this master was fenced");
    else if (!this.#stopping.signal.aborted) this.#options.ports.log.warn(`${what}: ${errorMessage(error)}`);
  }

  #joined(member: Member): void {
    const { coordinator } = this.#parts;
    const { kind, address, heartbeat } = member;
    if (kind === "master") return;
    for (const dead of heartbeat?.replaces ?? []) {
      coordinator.suspect({ kind, address, incarnation: dead, sessionNo: undefined, proven: true });
    }
    // An alert server puts itself on record.
    if (kind === "worker") void this.#record(member);
  }

  /** Until then a worker gets no work: an attempt of a life that t_ds_server does not know counts as lost. */
  async #record(member: Member): Promise<void> {
    const { membership, dispatcher, timing } = this.#parts;
    const { incarnation, address, heartbeat } = member;
    const startupTime = heartbeat?.startupTime ?? this.#clock.now();
    const sessionNo = heartbeat?.sessionNo ?? 1;
    while (!this.#stopping.signal.aborted && membership.find(incarnation) !== undefined) {
      try {
        await insertSeenWorkers(this.#options.database, [{ incarnation, address, startupTime, sessionNo }]);
        this.#onRecord.add(incarnation);
        return dispatcher.workersChanged();
      } catch (error) {
        this.#complain(`worker ${address} is not on record yet`, error);
        await this.#clock.sleep(timing.retryPauseMs, this.#stopping.signal);
      }
    }
  }

  #died(incarnation: string): void {
    if (this.#parts.membership.find(incarnation) !== undefined) this.#dead.add(incarnation);
    this.#claims?.poke();
  }

  #left(member: Member): void {
    const { session, coordinator, dispatcher } = this.#parts;
    const { incarnation, kind, address, heartbeat } = member;
    this.#dead.delete(incarnation);
    dispatcher.workerChanged(incarnation);
    this.#onRecord.delete(incarnation);
    if (incarnation === this.incarnation) return session.restoreNode();
    coordinator.suspect({ kind, address, incarnation, sessionNo: heartbeat?.sessionNo, proven: false });
  }

  #sessionLost(reason: string): void {
    this.#options.ports.events.emit({ type: "registry.session.lost", reason });
    this.#rejoining ??= this.#rejoin().finally(() => {
      this.#rejoining = undefined;
    });
  }

  /**
   * A new session for the same life, if nobody has fenced it: then it still owns what it owned, and goes on. An outage
   * of the registry for all robs nobody that way.
   */
  async #rejoin(): Promise<void> {
    const { session, membership, timing, runs } = this.#parts;
    while (!this.#stopping.signal.aborted) {
      try {
        // A database that is away must be back first: without it nobody can say whether this life was fenced.
        await this.#pulse.probe();
        await session.open();
        if (!(await advanceSession(this.#options.database, this.incarnation, session.sessionNo))) {
          return this.#giveUp("another master fenced this one while its session was lost");
        }
        await session.register();
        await membership.attach(session.session);
        runs.pokeAll();
        this.#claims?.poke();
        return await this.#reconcile();
      } catch (error) {
        this.#complain("no new session yet", error);
        await this.#clock.sleep(timing.retryPauseMs, this.#stopping.signal);
      }
    }
  }

  /** A worker leaves in good order. Throws StoreError: then its end will be taken for a death. */
  workerLeaves(worker: { readonly incarnation: string; readonly address: string }): Promise<void> {
    return noteLeft(this.#parts.failover, worker);
  }

  /** For the pages of this node. */
  get health(): Omit<NodeHealth, "draining"> {
    const { session, timing } = this.#parts;
    const silent = this.#pulse.databaseSilentMs > timing.queryTimeoutMs + timing.heartbeatMs;
    return {
      live: !this.#isOver,
      session: session.state,
      leaseMs: Math.round(session.leaseMs),
      database: silent ? "SILENT" : "ANSWERS",
      busy: session.busy,
      incarnation: this.incarnation,
    };
  }

  gauges(): readonly Figure[] {
    return masterGauges(this.#parts);
  }

  /** Ends this life for a reason of its own: it cannot work any more. */
  abandon(reason: string): void {
    this.#giveUp(reason);
  }

  /** Graceful: gives away what it owns, says goodbye, and leaves. */
  async leave(): Promise<void> {
    const { failover } = this.#parts;
    await this.#claims?.stop();
    try {
      this.#parts.runs.dropAll();
      // Nothing of it may run here any more when the others start it again.
      await this.#options.processes.close();
      await sweepOneself(failover);
    } catch (error) {
      this.#options.ports.log.warn(
        `what this master owned is left to the others to find: ${errorMessage(error)}`,
      );
    }
    await this.end();
  }

  /** Stops everything at once. What it owned stays in its name. Idempotent. */
  async end(): Promise<void> {
    const { dispatcher, runs, coordinator, membership, session, workerGroups } = this.#parts;
    this.#stopping.abort();
    workerGroups.close();
    this.#pulse.stop();
    await this.#claims?.stop();
    dispatcher.close();
    runs.dropAll();
    await coordinator.idle();
    await this.#rejoining;
    await membership.close();
    await session.close();
  }
}
