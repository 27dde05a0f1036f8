import {
  type Action,
  type CommandRequest,
  formatInstanceRef,
  formatTaskRef,
  type InstanceRef,
  type Target,
} from "../case/index.ts";

/** A selector or target in the words of the case: "ownerOf etl". */
export function targetText(target: Target): string {
  switch (target.kind) {
    case "name":
      return target.name;
    case "it":
      return "it";
    case "service":
      return target.service;
    case "ownerOf":
      return `ownerOf ${formatInstanceRef(target.instance)}`;
    case "runnerOf":
      return `runnerOf ${formatTaskRef(target.task)}`;
    case "coordinatorOf":
      return `coordinatorOf ${targetText(target.of)}`;
    case "holderOf":
      return `holderOf ${target.lock}`;
    case "activeOf":
      return `activeOf ${target.role}`;
    case "hitBy":
      return `hitBy ${target.step}`;
    case "any":
    case "all":
    case "each": {
      const except = target.except === undefined ? "" : ` except ${targetText(target.except)}`;
      return `${target.kind} ${target.group}${except}`;
    }
    case "list":
    case "targets":
      return target.of.map((one: Target) => targetText(one)).join(", ");
  }
}

/** What a command or order is about: "start etl". */
export function requestText(
  request: CommandRequest | { readonly kind: "pause" | "stop"; readonly instance: InstanceRef },
): string {
  return `${request.kind} ${request.kind === "start" ? request.workflow : formatInstanceRef(request.instance)}`;
}

/** An action in the words of the case: "kill ownerOf etl". */
export function actionText(action: Action): string {
  switch (action.kind) {
    case "kill":
    case "stop":
    case "pause":
    case "start":
    case "resume":
    case "restart":
    case "replace":
      return `${action.kind} ${targetText(action.target)}`;
    case "failpoint":
      return `${action.do} at failpoint ${action.at}`;
    case "operate":
      return `operate ${requestText(action.request)}`;
    case "sql":
      return "sql";
    case "verify":
      return `verify ${Object.keys(action.expect).join(", ")}`;
    case "unsupported":
      return action.name;
  }
}
