import type { Clock } from "../../base/index.ts";
import type { AlertChannel } from "../alert-channel.ts";
import { emailChannel } from "./email-channel.ts";
import { httpChannel } from "./http-channel.ts";
import { type ScriptChannelOptions, scriptChannel } from "./script-channel.ts";
import { dingTalkChannel, feishuChannel, slackChannel } from "./webhooks.ts";

export interface BuiltInChannelOptions {
  readonly clock: Clock;
  readonly script: ScriptChannelOptions;
}

/** The channels that every alert server has. One of your own is added to this list (docs/alerts.md). */
export function builtInChannels({ clock, script }: BuiltInChannelOptions): readonly AlertChannel[] {
  return [
    emailChannel,
    dingTalkChannel({ clock }),
    feishuChannel({ clock }),
    slackChannel(),
    httpChannel,
    scriptChannel(script),
  ];
}
