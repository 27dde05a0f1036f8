export { createCtl } from "./create-ctl.ts";
export { CTL_EXIT } from "./exit-codes.ts";
export { NoMasterError } from "./master-client.ts";
