import type { Clock, Failpoints, Random } from "../base/index.ts";
import type { AlertConfig } from "../config/index.ts";
import type { Events } from "../model/index.ts";
import type { Log } from "../node/index.ts";
import type { Database } from "../store/index.ts";
import type { ChannelRegistry } from "./channel-registry.ts";

/** What sending alerts needs. */
export interface AlertPorts {
  readonly clock: Clock;
  readonly random: Random;
  readonly database: Database;
  readonly events: Events;
  readonly failpoints: Failpoints;
  readonly log: Log;
  readonly channels: ChannelRegistry;
  /** The life that sends. */
  readonly me: { readonly incarnation: string };
  readonly config: AlertConfig;
}
