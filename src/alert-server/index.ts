export { startAlertServer } from "./start-alert-server.ts";
