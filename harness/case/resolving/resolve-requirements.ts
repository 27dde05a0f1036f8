import type { Json, Requirements } from "../resolved-case.ts";
import { readMap, readWord, readWords } from "../vocabulary/read-json.ts";

const REGISTRIES = ["zookeeper", "etcd", "jdbc"] as const;
const ENVIRONMENTS = ["containers", "embedded", "simulated"] as const;
const CAPABILITIES = ["own-service", "standby-database", "clock", "disk", "cpu"] as const;

/** Reads `requires`; an empty list asks for nothing. */
export function resolveRequirements(value: Json | undefined): Requirements {
  const section = readMap(value);
  const words = <W extends string>(key: string, known: readonly W[]): readonly W[] =>
    readWords(section[key]).flatMap((word) => readWord(word, known) ?? []);
  return {
    registry: words("registry", REGISTRIES),
    environment: words("environment", ENVIRONMENTS),
    capabilities: words("capabilities", CAPABILITIES),
  };
}
