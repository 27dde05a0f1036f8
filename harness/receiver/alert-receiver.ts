import { ReleaseStack } from "../../src/base/index.ts";
import type { DeliveryRecord } from "../observe/index.ts";
import { openHttpReceiver } from "./http-receiver.ts";
import { openMailReceiver } from "./mail-receiver.ts";
import type { Arrival } from "./receiver.ts";

/** Where the channels of a case's alert groups lead to: an HTTP endpoint and a mail server on loopback. */
export interface AlertReceiver {
  readonly httpPort: number;
  readonly mailPort: number;
  /** What has arrived and was taken, in the order of arrival. */
  deliveries(): readonly DeliveryRecord[];
  /** Idempotent. */
  close(): Promise<void>;
}

/** Opens both. `nowMs` is the time of the case. */
export async function openAlertReceiver(nowMs: () => number): Promise<AlertReceiver> {
  const deliveries: DeliveryRecord[] = [];
  const take = (arrival: Arrival): void => void deliveries.push({ atMs: nowMs(), ...arrival });
  const releases = new ReleaseStack();
  try {
    const http = await openHttpReceiver(take);
    releases.push("HTTP receiver", () => http.close());
    const mail = await openMailReceiver(take);
    releases.push("mail receiver", () => mail.close());
    return {
      httpPort: http.port,
      mailPort: mail.port,
      deliveries: () => [...deliveries],
      close: () => releases.release(),
    };
  } catch (error) {
    await releases.release();
    throw error;
  }
}
