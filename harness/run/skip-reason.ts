import { type ResolvedCase, servicesOf } from "../case/index.ts";
import type { Environment } from "../environment/index.ts";

/** Capabilities that the environments of this version have. */
const CAPABILITIES: readonly string[] = ["own-service"];

type Where = Pick<Environment, "tier" | "registryKind">;

/** Why a case cannot run here, in one sentence; undefined when it can. */
export function skipReason(resolved: ResolvedCase, where: Where): string | undefined {
  const { requires, unsupported } = resolved;
  const first = unsupported[0];
  if (first !== undefined) return first.reason;
  if (requires.registry.length > 0 && !requires.registry.includes(where.registryKind)) {
    return `it requires the registry ${requires.registry.join(" or ")}; here it is ${where.registryKind}`;
  }
  if (requires.environment.length > 0 && !requires.environment.includes(where.tier)) {
    return `it requires the environment ${requires.environment.join(" or ")}; here it is ${where.tier}`;
  }
  const missing = requires.capabilities.filter((capability) => !CAPABILITIES.includes(capability));
  if (missing.length > 0) return `it requires ${missing.join(", ")}, which no environment has yet`;
  return undefined;
}

/** The services that a case breaks itself, so that it must not share them. */
export function ownServices(resolved: ResolvedCase): {
  readonly registry: boolean;
  readonly database: boolean;
} {
  const broken = new Set(
    resolved.steps.flatMap(({ action }) => ("target" in action ? servicesOf(action.target) : [])),
  );
  return { registry: broken.has("registry"), database: broken.has("database") };
}
