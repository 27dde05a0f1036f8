export { startMaster } from "./start-master.ts";
