import { type AlertChannel, type OpenChannel, SendError } from "./alert-channel.ts";
import { ChannelParams, parseMap } from "./channel-params.ts";

/** The kinds of channels that an alert server has, by name. */
export interface ChannelRegistry {
  readonly channels: readonly AlertChannel[];
  /**
   * Opens a channel with the parameters of a plugin instance: a map, or its JSON text. Throws SendError (final) that
   * names everything that is wrong, without values of secrets.
   */
  open(plugin: string | null, params: unknown): OpenChannel;
}

/** Throws when two channels have the same name. */
export function createChannelRegistry(channels: readonly AlertChannel[]): ChannelRegistry {
  const byName = new Map<string, AlertChannel>();
  for (const channel of channels) {
    const name = channel.name.toLowerCase();
    if (byName.has(name)) throw new Error(`there are two alert channels called ${channel.name}`);
    byName.set(name, channel);
  }
  return {
    channels,
    open(plugin, params) {
      const channel = byName.get((plugin ?? "").toLowerCase());
      if (channel === undefined) {
        const there = channels.map(({ name }) => name).join(", ");
        throw new SendError(`there is no channel plugin "${plugin ?? ""}"; there are ${there}`, {
          final: true,
        });
      }
      return openChannel(channel, params);
    },
  };
}

function openChannel(channel: AlertChannel, given: unknown): OpenChannel {
  const map = typeof given === "string" ? parseMap(given) : parseMap(JSON.stringify(given ?? {}));
  if (map === undefined) throw new SendError("the parameters are not a JSON object", { final: true });
  const params = new ChannelParams(map);
  const opened = channel.open(params);
  params.finish();
  if (params.problems.length === 0) return opened;
  throw new SendError(`parameters of ${channel.name}: ${params.problems.join("; ")}`, { final: true });
}
