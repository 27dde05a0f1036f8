export { createControlApi } from "./api.ts";
export { operate } from "./operate.ts";
