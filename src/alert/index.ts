export { sendAlert, sendTestAlert } from "./alert-calls.ts";
export type { AlertChannel } from "./alert-channel.ts";
export type { AlertPorts } from "./alert-ports.ts";
export { AlertSender } from "./alert-sender.ts";
export { type ChannelRegistry, createChannelRegistry } from "./channel-registry.ts";
