import type { CommandType } from "./vocabulary.ts";
import { isWorkflowFinished, needsFailover, type WorkflowState } from "./workflow-state.ts";

/** What a claim looks at: the command, the workflow it is for, and the operator's open orders. */
export interface ClaimInput {
  /** Undefined: the command's code is none. */
  readonly commandType: CommandType | undefined;
  readonly commandCode: number | null;
  /** Undefined: the workflow instance is not there. */
  readonly workflow:
    | {
        readonly state: WorkflowState;
        readonly owned: boolean;
        readonly preFailoverState: WorkflowState | undefined;
      }
    | undefined;
  /** `workflowExecutionStatus` of a failover command. */
  readonly stateInCommand: WorkflowState | undefined;
  readonly openOrders: readonly ("STOP" | "PAUSE")[];
  /** Why the command cannot be carried out whatever the workflow's state. */
  readonly flaw?: string | undefined;
}

export type ClaimDecision =
  | {
      readonly kind: "take";
      readonly state: "RUNNING_EXECUTION" | "READY_PAUSE" | "READY_STOP";
      readonly begins: "first-run" | "next-run" | "no";
      /** What happens to the attempts that are there. */
      readonly tasks: "keep" | "invalidate" | "revive";
      /** The open orders went into the state. */
      readonly ordersApplied: boolean;
    }
  /** The command is no good. `endWorkflow`: nobody else will ever take the workflow, so it ends in FAILURE. */
  | { readonly kind: "refuse"; readonly message: string; readonly endWorkflow: boolean };

const refuse = (message: string, endWorkflow = false): ClaimDecision => ({
  kind: "refuse",
  message,
  endWorkflow,
});

function bend(
  state: "RUNNING_EXECUTION" | "READY_PAUSE" | "READY_STOP",
  orders: ClaimInput["openOrders"],
): "RUNNING_EXECUTION" | "READY_PAUSE" | "READY_STOP" {
  if (state === "READY_STOP" || orders.includes("STOP")) return "READY_STOP";
  return orders.includes("PAUSE") ? "READY_PAUSE" : state;
}

function decideFailover(input: ClaimInput, workflow: NonNullable<ClaimInput["workflow"]>): ClaimDecision {
  if (workflow.state !== "FAILOVER")
    return refuse(`a failover command for a workflow in state ${workflow.state}`);
  const before = workflow.preFailoverState ?? input.stateInCommand;
  if (before === undefined || !needsFailover(before)) {
    return refuse("neither the workflow nor the failover command says which state it was in", true);
  }
  const state = bend(before as "RUNNING_EXECUTION" | "READY_PAUSE" | "READY_STOP", input.openOrders);
  return { kind: "take", state, begins: "no", tasks: "keep", ordersApplied: input.openOrders.length > 0 };
}

function decideAgain(
  input: ClaimInput,
  workflow: NonNullable<ClaimInput["workflow"]>,
  tasks: "invalidate" | "revive",
): ClaimDecision {
  const admissible = isWorkflowFinished(workflow.state) || workflow.state === "SUBMITTED_SUCCESS";
  if (!admissible)
    return refuse(`${input.commandType} for a workflow in state ${workflow.state}, which is not finished`);
  return { kind: "take", state: "RUNNING_EXECUTION", begins: "next-run", tasks, ordersApplied: false };
}

/** Its turn has come at the gate of its definition. What it begins with was prepared when it came to wait. */
function decideCalledIn(input: ClaimInput, workflow: NonNullable<ClaimInput["workflow"]>): ClaimDecision {
  if (workflow.state !== "SERIAL_WAIT")
    return refuse(`RECOVER_SERIAL_WAIT for a workflow in state ${workflow.state}, which does not wait`);
  const state = bend("RUNNING_EXECUTION", input.openOrders);
  return { kind: "take", state, begins: "no", tasks: "keep", ordersApplied: input.openOrders.length > 0 };
}

/** Whether and how a command makes its claimant the owner of the workflow. */
export function decideClaim(input: ClaimInput): ClaimDecision {
  const { workflow } = input;
  if (workflow === undefined) return refuse("the workflow instance of the command does not exist");
  if (input.flaw !== undefined)
    return refuse(input.flaw, !workflow.owned && workflow.state === "SUBMITTED_SUCCESS");
  switch (input.commandType) {
    case "START_PROCESS":
    case "SCHEDULER":
    case "START_CURRENT_TASK_PROCESS":
    case "COMPLEMENT_DATA":
      if (workflow.state !== "SUBMITTED_SUCCESS")
        return refuse(`a start command for a workflow in state ${workflow.state}`);
      return {
        kind: "take",
        state: bend("RUNNING_EXECUTION", input.openOrders),
        begins: "first-run",
        tasks: "keep",
        ordersApplied: input.openOrders.length > 0,
      };
    case "RECOVER_TOLERANCE_FAULT_PROCESS":
      return decideFailover(input, workflow);
    case "REPEAT_RUNNING":
      return decideAgain(input, workflow, "invalidate");
    case "START_FAILURE_TASK_PROCESS":
    case "RECOVER_SUSPENDED_PROCESS":
      return decideAgain(input, workflow, "revive");
    case "RECOVER_SERIAL_WAIT":
      return decideCalledIn(input, workflow);
    case "PAUSE":
    case "STOP":
    case "EXECUTE_TASK":
    case "DYNAMIC_GENERATION":
    case undefined: {
      // Any other unfinished workflow has an owner, or a reconciliation will find it.
      const endWorkflow = !workflow.owned && workflow.state === "SUBMITTED_SUCCESS";
      return refuse(`no handler for command type ${input.commandType ?? input.commandCode}`, endWorkflow);
    }
  }
}
