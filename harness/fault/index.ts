export { postJson } from "./post-json.ts";
export {
  type PreparedSteps,
  prepareSteps,
  type StepsOptions,
  type StepsResult,
} from "./run-steps.ts";
export type { Eyes, Verify } from "./stage.ts";
