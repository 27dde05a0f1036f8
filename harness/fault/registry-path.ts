import { REGISTRY_PATHS } from "../../src/model/index.ts";

/**
 * Whether a path of the registry is the one that a case asks for. A case knows addresses but no incarnations and no
 * start-up times: "/nodes/master/<master-1>" means the node of that address whatever its incarnation, and
 * "/nodes/failover-finish-nodes/<master-1>" any marker of it.
 */
export function matchesPath(asked: string, path: string): boolean {
  if (path === asked || path.startsWith(`${asked}@`)) return true;
  return asked.startsWith(`${REGISTRY_PATHS.failoverFinished}/`) && path.startsWith(`${asked}-`);
}
