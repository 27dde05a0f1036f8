import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import pg from "pg";
import { createSeededRandom, createSystemClock, NO_FAILPOINTS, required, waitUntil } from "../base/index.ts";
import type { EventBody } from "../model/index.ts";
import type { Database } from "../store/database.ts";
import { type ClaimedSend, claimSends, insertAlert, markSend, migrateStore } from "../store/index.ts";
import { createPgDatabase } from "../store/pg-database.ts";
import { insertJoining, markAlive } from "../store/servers.ts";
import { sendAlert, sendTestAlert } from "./alert-calls.ts";
import { type AlertChannel, SendError } from "./alert-channel.ts";
import type { AlertPorts } from "./alert-ports.ts";
import { AlertSender } from "./alert-sender.ts";
import { createChannelRegistry } from "./channel-registry.ts";

// What is promised of the sending loop, on a real Postgres, with senders side by side.

const X = "00000000-0000-4000-8000-00000000000a";
const Y = "00000000-0000-4000-8000-00000000000b";
const DATABASE = "alert_contract";
const clock = createSystemClock();
let admin: pg.Client;
let database: Database;

/** What the channels of the test were told, by plugin instance: "instance key". */
let told: string[] = [];
let events: EventBody[] = [];
let groups = new Set<string | null>();
/** What the next sends of an instance do instead of being taken. */
let trouble: Map<string, (() => Promise<void>)[]>;
let senders: AlertSender[] = [];

/** A channel of one's own, as a user would add one. */
const record: AlertChannel = {
  name: "Record",
  params: { name: "what it is called" },
  open(params) {
    const name = params.text("name");
    return {
      async send(message) {
        const next = trouble.get(name)?.shift();
        if (next !== undefined) await next();
        told.push(`${name} ${message.key}`);
        groups.add(message.group);
        return "noted";
      },
    };
  },
};

const CONFIG: AlertPorts["config"] = {
  windowMs: 0,
  defaultGroupId: 1,
  sendTimeoutMs: 300,
  retryBaseMs: 50,
  retryMaxMs: 200,
  maxTries: 4,
  giveUpAfterMs: 60_000,
  sendsPerChannel: 2,
  scriptDirectories: [],
};

function portsOf(incarnation: string, config: Partial<AlertPorts["config"]> = {}): AlertPorts {
  const silent = (): void => undefined;
  return {
    clock,
    random: createSeededRandom(1),
    database,
    events: { emit: (body) => void events.push(body) },
    failpoints: NO_FAILPOINTS,
    log: { debug: silent, info: silent, warn: silent, error: silent },
    channels: createChannelRegistry([record]),
    me: { incarnation },
    config: { ...CONFIG, ...config },
  };
}

function startSender(incarnation: string, config: Partial<AlertPorts["config"]> = {}): AlertSender {
  const sender = new AlertSender({
    ...portsOf(incarnation, config),
    mayAct: () => true,
    onFenced: () => void events.push({ type: "node.stopping", reason: `${incarnation} is fenced` }),
    pollMs: 20,
  });
  senders.push(sender);
  sender.start();
  return sender;
}

async function addChannel(id: number, name: string): Promise<void> {
  await database.query(
    `INSERT INTO t_ds_alert_plugin_instance (id, plugin_define_id, plugin_instance_params, instance_name)
     VALUES ($1, 200, $2, $3)`,
    [id, JSON.stringify({ name }), name],
  );
}

async function addGroup(id: number, instances: string): Promise<void> {
  await database.query(
    "INSERT INTO t_ds_alertgroup (id, group_name, alert_instance_ids) VALUES ($1, $2, $3)",
    [id, `group ${id}`, instances],
  );
}

async function store(
  title: string,
  more: { content?: string; nowMs?: number; alertGroupId?: number } = {},
): Promise<number> {
  const id = await insertAlert(database, {
    title,
    content: more.content ?? title,
    type: "FAULT_TOLERANCE_WARNING",
    dedupeKey: `${title} ${told.length} ${Math.floor(clock.monotonicMs() * 1e6)}`,
    nowMs: more.nowMs ?? clock.now(),
    ...(more.alertGroupId === undefined ? {} : { alertGroupId: more.alertGroupId }),
  });
  return required(id, "a new alert");
}

interface AlertState {
  readonly status: number;
  readonly log: string | null;
  readonly suppressedBy: number | null;
}

async function stateOf(id: number): Promise<AlertState> {
  const { rows } = await database.query<AlertState>(
    `SELECT alert_status AS status, log, suppressed_by AS "suppressedBy" FROM t_ds_alert WHERE id = $1`,
    [id],
  );
  return required(rows[0], `alert ${id}`);
}

/** Waits until the alert has ended. */
function endOf(id: number): Promise<AlertState> {
  return waitUntil({
    clock,
    until: async () => {
      const state = await stateOf(id);
      return state.status === 0 ? undefined : state;
    },
    withinMs: 8000,
    describe: `the end of alert ${id}`,
  });
}

beforeAll(async () => {
  const url = new URL(required(process.env.FAILOVER_TEST_POSTGRES_URL, "FAILOVER_TEST_POSTGRES_URL"));
  admin = new pg.Client({ connectionString: url.toString() });
  await admin.connect();
  await admin.query(`DROP DATABASE IF EXISTS ${DATABASE} WITH (FORCE)`);
  await admin.query(`CREATE DATABASE ${DATABASE}`);
  url.pathname = `/${DATABASE}`;
  await migrateStore(url.toString());
  database = createPgDatabase({
    url: url.toString(),
    applicationName: "contract",
    clock,
    queryTimeoutMs: 4000,
  });
  await database.query(
    "INSERT INTO t_ds_plugin_define (id, plugin_name, plugin_type) VALUES (200, 'Record', 'alert')",
  );
});

afterAll(async () => {
  await database.close();
  await admin.query(`DROP DATABASE IF EXISTS ${DATABASE} WITH (FORCE)`);
  await admin.end();
});

beforeEach(async () => {
  told = [];
  events = [];
  groups = new Set();
  trouble = new Map();
  senders = [];
  for (const table of ["server", "alert", "alert_send", "alertgroup", "alert_plugin_instance"])
    await database.query(`DELETE FROM t_ds_${table}`);
  for (const incarnation of [X, Y]) {
    const startupTime = clock.now();
    await insertJoining(database, { incarnation, kind: "alert-server", address: "a:1", startupTime });
    await markAlive(database, incarnation);
  }
  await addChannel(1, "one");
  await addChannel(2, "two");
  await addGroup(1, "1,2");
});

afterEach(async () => {
  await Promise.all(senders.map((sender) => sender.stop(1000)));
});

const refuse = (): Promise<void> => Promise.reject(new SendError("not now"));

describe("the sending loop", () => {
  test("two senders at once: each alert once on each channel", async () => {
    const ids = await Promise.all(Array.from({ length: 40 }, (_, number) => store(`alert ${number}`)));
    startSender(X);
    startSender(Y);
    for (const id of ids) expect((await endOf(id)).status).toBe(1);
    expect(told.length).toBe(80);
    expect(new Set(told).size).toBe(80);
    expect([...groups]).toEqual(["group 1"]);
    expect(events.filter(({ type }) => type === "alert.delivered")).toHaveLength(80);
  });

  test("a sender that dies before it sent: the other sends, as soon as that one is fenced", async () => {
    const id = await store("taken");
    await planBy(X);
    expect(await claimAll(X)).toHaveLength(2);
    startSender(Y, { sendTimeoutMs: 60_000 });
    await clock.sleep(200);
    expect(told).toEqual([]);
    await database.query("UPDATE t_ds_server SET state = 'FENCED' WHERE incarnation = $1", [X]);
    expect((await endOf(id)).status).toBe(1);
    expect(told.sort()).toEqual([`one alert-${id}-one`, `two alert-${id}-two`]);
  });

  test("a sender that dies after it sent: sent again with the same key, and its own mark changes nothing", async () => {
    const id = await store("taken");
    await planBy(X);
    const sends = await claimAll(X);
    // X has sent, and stands still. Its lease ends.
    told.push(...sends.map(({ channel }) => `${channel} alert-${id}-${channel}`));
    await database.query("UPDATE t_ds_alert_send SET next_try = next_try - interval '1 hour'");
    startSender(Y);
    expect((await endOf(id)).status).toBe(1);
    expect(told.sort()).toEqual(
      [1, 1, 2, 2].map((n) => (n === 1 ? `one alert-${id}-one` : `two alert-${id}-two`)),
    );
    for (const send of sends) {
      const late = { kind: "given-up", log: "late" } as const;
      expect(await database.transaction((tx) => markSend(tx, send, late, clock.now()))).toBe(false);
    }
    expect((await stateOf(id)).status).toBe(1);
  });

  test("a mark whose COMMIT was not answered may be repeated", async () => {
    await store("taken");
    await planBy(X);
    const [send] = await claimAll(X);
    const mark = (): Promise<boolean> =>
      database.transaction((tx) =>
        markSend(tx, required(send, "a send"), { kind: "delivered", log: "x" }, clock.now()),
      );
    expect([await mark(), await mark()]).toEqual([true, true]);
  });

  test("a fenced sender claims nothing and is told", async () => {
    await database.query("UPDATE t_ds_server SET state = 'FENCED' WHERE incarnation = $1", [X]);
    await store("for somebody else");
    startSender(X);
    const fenced = (): true | undefined =>
      events.some(({ type }) => type === "node.stopping") ? true : undefined;
    await waitUntil({ clock, until: fenced, withinMs: 3000, describe: "the word of the fence" });
    expect(told).toEqual([]);
  });

  test("a channel that refuses is tried again with pauses; the other one is there already", async () => {
    trouble.set("one", [refuse, refuse]);
    const id = await store("again");
    startSender(X);
    expect(await endOf(id)).toMatchObject({ status: 1 });
    expect(told).toEqual([`two alert-${id}-two`, `one alert-${id}-one`]);
    const { rows } = await database.query("SELECT channel, token FROM t_ds_alert_send ORDER BY channel");
    expect(rows).toEqual([
      { channel: "one", token: 3 },
      { channel: "two", token: 1 },
    ]);
  });

  test("a channel that always refuses is given up with the reason: partial success", async () => {
    trouble.set("one", [refuse, refuse, refuse, refuse, refuse]);
    const id = await store("again");
    startSender(X);
    const end = await endOf(id);
    expect(end.status).toBe(3);
    expect(JSON.parse(end.log ?? "")).toEqual([
      { channel: "one", success: false, message: "given up after 4 tries: not now" },
      { channel: "two", success: true, message: "noted" },
    ]);
  });

  test("a channel that hangs holds up itself alone, and is cut off", async () => {
    const never = (): Promise<void> => new Promise(() => undefined);
    trouble.set(
      "one",
      Array.from({ length: 100 }, () => never),
    );
    const ids = await Promise.all(Array.from({ length: 6 }, (_, number) => store(`alert ${number}`)));
    startSender(X, { maxTries: 1 });
    const others = (): true | undefined => (told.length === 6 ? true : undefined);
    await waitUntil({ clock, until: others, withinMs: 3000, describe: "the six on the other channel" });
    for (const id of ids) expect((await endOf(id)).status).toBe(3);
  });

  test("a channel that is no plugin, or was removed, fails at once", async () => {
    await database.query("UPDATE t_ds_alert_plugin_instance SET plugin_define_id = 999 WHERE id = 1");
    const id = await store("poison");
    startSender(X);
    const end = await endOf(id);
    expect(end.log).toContain("there is no channel plugin");
    expect(end.status).toBe(3);
  });

  test("without a group, or without a channel in it: marked with the reason", async () => {
    await addGroup(2, "");
    const [none, empty] = [await store("a", { alertGroupId: 77 }), await store("b", { alertGroupId: 2 })];
    startSender(X);
    expect(await endOf(none)).toMatchObject({ status: 2, log: "there is no alert group 77" });
    expect(await endOf(empty)).toMatchObject({ status: 2, log: "alert group 2 has no channel" });
  });

  test("equal alerts inside the window are sent once, by whomever they are planned; later ones again", async () => {
    const nowMs = clock.now();
    const early = await store("same", { nowMs: nowMs - 90_000 });
    const ids = await Promise.all(Array.from({ length: 8 }, () => store("same", { nowMs })));
    const other = await store("same", { nowMs, content: "and not the same" });
    startSender(X, { windowMs: 60_000 });
    startSender(Y, { windowMs: 60_000 });
    const ends = await Promise.all([early, ...ids, other].map((id) => endOf(id)));
    const first = Math.min(...ids);
    const expected = [early, ...ids, other].map((id) => (ids.includes(id) && id !== first ? first : null));
    expect(ends.map(({ suppressedBy }) => suppressedBy)).toEqual(expected);
    expect(told.filter((line) => line.startsWith("one "))).toHaveLength(3);
  });

  test("two plugin instances of the same name are two channels", async () => {
    await addChannel(3, "one");
    await addGroup(3, "1, 3");
    const id = await store("twice", { alertGroupId: 3 });
    startSender(X);
    await endOf(id);
    expect(told.sort()).toEqual([`one alert-${id}-one`, `one alert-${id}-one#3`]);
  });
});

describe("the calls", () => {
  test("sendAlert stores once per key and answers after the commit", async () => {
    const request = { key: "k1", title: "from outside", content: "text", alertGroupId: 1 };
    const answers = await Promise.all([1, 2, 3].map(() => sendAlert(portsOf(X), request)));
    expect(new Set(answers.map(({ alertId }) => alertId)).size).toBe(1);
    expect(answers.filter(({ fresh }) => fresh)).toHaveLength(1);
    startSender(X);
    expect((await endOf(required(answers[0], "an answer").alertId)).status).toBe(1);
  });

  test("what cannot be understood is refused with every reason", async () => {
    const request = { title: "", alertGroupId: "1", alertType: "FIRE" };
    await expect(sendAlert(portsOf(X), request)).rejects.toThrow(
      /"title" has to be .*; "content" has to be .*; "alertGroupId" has to be .*; "alertType" has to be one of/,
    );
  });

  test("sendTestAlert sends now and says how it went", async () => {
    const good = { plugin: "Record", pluginInstanceParams: { name: "test" } };
    expect(await sendTestAlert(portsOf(X), good)).toEqual({ success: true, message: "noted" });
    const byId = { pluginDefineId: 200, pluginInstanceParams: "{}" };
    expect(await sendTestAlert(portsOf(X), byId)).toEqual({
      success: false,
      message: "parameters of Record: `name` is missing; write a text",
    });
    expect(told).toHaveLength(1);
  });
});

/** Plans what there is, as X would, and sends nothing. */
async function planBy(incarnation: string): Promise<void> {
  const { planAlerts } = await import("./plan-alerts.ts");
  await planAlerts(portsOf(incarnation), () => true);
}

async function claimAll(sender: string): Promise<readonly ClaimedSend[]> {
  const claims = await Promise.all(
    [1, 2].map((instanceId) =>
      database.transaction((tx) => {
        const nowMs = clock.now();
        const defaultGroupId = 1;
        return claimSends(tx, {
          defaultGroupId,
          sender,
          instanceId,
          limit: 10,
          nowMs,
          leaseUntilMs: nowMs + 60_000,
        });
      }),
    ),
  );
  return claims.flat();
}
