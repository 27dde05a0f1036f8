import type { ChannelParams } from "./channel-params.ts";

/** What a channel sends. */
export interface AlertMessage {
  /** The same for every try of the same alert on the same channel: receivers that know it can drop what they have. */
  readonly key: string;
  readonly title: string;
  /** As stored: JSON, a list of maps, when the scheduler made it; any text when somebody else did. */
  readonly content: string;
  /** Name of the alert group; null in a test. */
  readonly group: string | null;
  /** "SUCCESS" or "FAILURE". */
  readonly warningType: string;
  readonly createdAtMs: number;
}

/** Limits of one try. */
export interface SendLimits {
  /** The try has to be over after so long, milliseconds. */
  readonly withinMs: number;
  /** Aborts at the limit, and when the alert server ends: whatever is open then is closed. */
  readonly signal: AbortSignal;
}

/** A channel with its parameters: ready to send. */
export interface OpenChannel {
  /**
   * Sends one alert. Resolves with a short word for the record when the other side took it. Throws SendError, or
   * anything else, when it did not or nobody knows; the message must not have a secret in it.
   */
  send(message: AlertMessage, limits: SendLimits): Promise<string>;
}

/** A kind of channel: what t_ds_plugin_define calls a plugin. */
export interface AlertChannel {
  /** As in t_ds_plugin_define.plugin_name; compared without regard to case. */
  readonly name: string;
  /** Its parameters for people: name and meaning. Goes into t_ds_plugin_define.plugin_params. */
  readonly params: Readonly<Record<string, string>>;
  /** Reads the parameters; problems are collected by the reader, and what is returned is not used then. */
  open(params: ChannelParams): OpenChannel;
}

/** A try that failed. */
export class SendError extends Error {
  override readonly name = "SendError";
  /** Another try would end alike: it is not made. */
  readonly final: boolean;

  constructor(message: string, options: ErrorOptions & { readonly final?: boolean } = {}) {
    super(message, options);
    this.final = options.final ?? false;
  }
}
