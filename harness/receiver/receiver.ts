import type { DeliveryRecord } from "../observe/index.ts";

/** What arrives, without the time. */
export type Arrival = Omit<DeliveryRecord, "atMs">;

/** A listener on loopback. */
export interface Receiver {
  readonly port: number;
  close(): Promise<void>;
}
