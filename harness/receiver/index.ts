export { type AlertReceiver, openAlertReceiver } from "./alert-receiver.ts";
