export { applyGiven } from "./apply-given.ts";
