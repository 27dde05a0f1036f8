export { actionText } from "./describe.ts";
export {
  type PreparedSteps,
  prepareSteps,
  runSteps,
  type StepsOptions,
  type StepsResult,
} from "./run-steps.ts";
export type { Eyes, Verify } from "./stage.ts";
