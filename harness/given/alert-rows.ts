import type { ReceiverPorts, SeedContext } from "./seed-context.ts";
import { type TableRows, timestamp } from "./seed-row.ts";

/** Ids of t_ds_plugin_define, as the migration gives them. */
const PLUGINS = { email: 1, dingtalk: 2, feishu: 3, slack: 4, http: 5 } as const;

/** A channel that leads nowhere: of a context without a receiver. */
const NOWHERE: ReceiverPorts = { httpPort: 1, mailPort: 1 };

/** Alert groups, and a plugin instance for each channel of each: the receiver can then tell them apart. */
export function alertRows(context: SeedContext): TableRows[] {
  const { alertGroups } = context.case.database;
  const now = timestamp(context.nowMs);
  const dates = { create_time: now, update_time: now };
  const places = Object.entries(alertGroups).flatMap(([group, channels]) =>
    channels.map((channel) => ({ group, channel })),
  );
  const groups = Object.keys(alertGroups).map((name) => ({
    id: context.ids.alertGroupId(name),
    group_name: name,
    alert_instance_ids: places.flatMap(({ group }, index) => (group === name ? [index + 1] : [])).join(","),
    ...dates,
  }));
  const instances = places.map(({ group, channel }, index) => ({
    id: index + 1,
    instance_name: channel,
    ...pluginOf(group, channel, context.receiver ?? NOWHERE),
    ...dates,
  }));
  return [
    { table: "t_ds_alertgroup", rows: groups },
    { table: "t_ds_alert_plugin_instance", rows: instances },
  ];
}

/** The name of a channel begins with the word of its plugin; any other word is a plain HTTP receiver. */
function pluginOf(
  group: string,
  channel: string,
  { httpPort, mailPort }: ReceiverPorts,
): { readonly plugin_define_id: number; readonly plugin_instance_params: string } {
  const words = Object.keys(PLUGINS) as (keyof typeof PLUGINS)[];
  const word = words.find((one) => channel.toLowerCase().startsWith(one)) ?? "http";
  const url = `http://127.0.0.1:${httpPort}/${group}/${channel}`;
  const params: Readonly<Record<keyof typeof PLUGINS, object>> = {
    email: {
      receivers: `${group}.${channel}@alerts.test`,
      serverHost: "127.0.0.1",
      serverPort: mailPort,
      sender: "alerts@failover.test",
    },
    dingtalk: { WebHook: url },
    feishu: { WebHook: url },
    slack: { webHook: url },
    http: { url },
  };
  return { plugin_define_id: PLUGINS[word], plugin_instance_params: JSON.stringify(params[word]) };
}
