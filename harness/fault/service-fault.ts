import type { Action, Step } from "../case/resolved-case.ts";
import type { ServiceHandle } from "../environment/environment.ts";
import type { Fault } from "./fault.ts";
import type { Stage } from "./stage.ts";
import { StepTrouble } from "./step-trouble.ts";

/** What can be done to a service. */
export type ServiceAction = Extract<
  Action["kind"],
  "kill" | "stop" | "pause" | "start" | "resume" | "restart"
>;

/** The fault that does an action to the registry or the database: the case's own, never the shared one. */
export function serviceFault(
  stage: Stage,
  step: Step,
  what: { readonly kind: ServiceAction; readonly service: "registry" | "database" },
): Fault {
  const { kind, service } = what;
  const handle = service === "registry" ? stage.services.ownRegistry : stage.services.ownDatabase;
  if (handle === undefined) {
    throw new StepTrouble({
      verdict: "SKIP",
      code: "own-service",
      message: `step ${step.id}: the ${service} cannot be given to this case alone here, so it cannot be broken`,
      pointer: step.pointer,
    });
  }
  const undo = undoOf(kind, handle);
  return {
    name: `${kind} ${service}`,
    async inject({ begin }) {
      begin();
      await act(kind, handle);
      return { proof: `the ${service} proved it: ${kind}`, hits: [] };
    },
    ...(undo === undefined ? {} : { undo }),
  };
}

async function act(kind: ServiceAction, handle: ServiceHandle): Promise<void> {
  switch (kind) {
    case "kill":
      return handle.kill();
    case "stop":
      return handle.stop();
    case "pause":
      return handle.pause();
    case "start":
      return handle.start();
    case "resume":
      return handle.resume();
    case "restart":
      await handle.stop();
      return handle.start();
  }
}

function undoOf(kind: ServiceAction, handle: ServiceHandle): (() => Promise<void>) | undefined {
  switch (kind) {
    case "kill":
    case "stop":
      return () => handle.start();
    case "pause":
      return () => handle.resume();
    case "start":
    case "resume":
    case "restart":
      return undefined;
  }
}
