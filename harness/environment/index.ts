export type {
  CaseServices,
  CaseServicesOptions,
  Environment,
  RegistryKind,
  ServiceHandle,
  Tier,
} from "./environment.ts";
export { type ProvideOptions, provideEnvironment } from "./provide-environment.ts";
export { startTestServices, type TestServices, type TestServicesOptions } from "./test-services.ts";
