export type { Environment, RegistryKind, Tier } from "./environment.ts";
export { provideEnvironment } from "./provide-environment.ts";
export { startTestServices } from "./test-services.ts";
