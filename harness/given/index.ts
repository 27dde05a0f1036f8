export { applyGiven, type GivenOptions } from "./apply-given.ts";
