import { errorMessage } from "../../src/base/index.ts";
import type { OperatorAnswer, OperatorRequest, RunOptions } from "../../src/model/index.ts";
import {
  type Action,
  formatInstanceRef,
  type InstanceRef,
  type Selector,
  type StartOptions,
  type Step,
} from "../case/index.ts";
import { requestText } from "./describe.ts";
import type { Fault } from "./fault.ts";
import { type Look, lookUntil } from "./look-until.ts";
import { postJson } from "./post-json.ts";
import { runSql } from "./run-sql.ts";
import { select } from "./selectors.ts";
import type { Hit, Stage } from "./stage.ts";
import { StepTrouble } from "./step-trouble.ts";

type OperateAction = Extract<Action, { kind: "operate" }>;
type Order = OperatorRequest["request"];

/** One try may take so long, so that a master which does not answer leaves time for another one. */
const ONE_TRY_MS = 2000;
const ANY_MASTER: Selector = { kind: "any", group: "masters", except: undefined };

/**
 * What an operator asks of a master. The same request id is sent until somebody answers: it is carried out once however
 * often it arrives. It landed when it was answered, as accepted or refused.
 */
export function operateFault(stage: Stage, step: Step, action: OperateAction): Fault {
  const requestId = stage.random.uuid();
  return {
    name: `operate ${requestText(action.request)}`,
    async inject({ withinMs, begin }) {
      begin();
      const deadlineMs = stage.history.nowMs() + withinMs;
      const { by, answer } = await lookUntil(stage, {
        look: () => ask(stage, step, { action, requestId, deadlineMs }),
        deadlineMs,
        describe: "an answer",
      });
      const said = answer.accepted ? "accepted" : `refused: ${answer.reason}`;
      const word = answer.accepted ? "accepted" : "refused";
      if (action.answer === "any" || action.answer === word) {
        return { proof: `${by.node.name} answered: ${said}`, hits: [] };
      }
      const wanted = `${requestText(action.request)} should have been ${action.answer}`;
      const message = `step ${step.id}: ${wanted}, ${by.node.name} said: ${said}`;
      throw new StepTrouble({ verdict: "FAIL", code: "operator-answer", message, pointer: step.pointer });
    },
  };
}

interface Answered {
  readonly by: Hit;
  readonly answer: OperatorAnswer;
}

async function ask(
  stage: Stage,
  step: Step,
  what: { readonly action: OperateAction; readonly requestId: string; readonly deadlineMs: number },
): Promise<Look<Answered>> {
  const { action, requestId, deadlineMs } = what;
  const order = await orderOf(stage, step, action.request);
  if ("instead" in order) return order;
  const by = await masterFor(stage, action.via ?? ANY_MASTER);
  if ("instead" in by) return by;
  const { node, process } = by.found;
  const target = { host: "127.0.0.1", port: process?.listenPort ?? 0, path: "/rpc/operate" };
  const withinMs = Math.min(ONE_TRY_MS, deadlineMs - stage.history.nowMs());
  try {
    const request: OperatorRequest = { requestId, request: order.found };
    const answer = await postJson(target, request, withinMs);
    if (isAnswer(answer)) return { found: { by: by.found, answer } };
    return { instead: `${node.name} answered ${JSON.stringify(answer)}` };
  } catch (error) {
    return { instead: `${node.name}: ${errorMessage(error)}` };
  }
}

/** The master that is asked: one that is ready and not frozen, by its real port. */
async function masterFor(stage: Stage, via: Selector): Promise<Look<Hit>> {
  const selection = await select(stage, via, { it: undefined, wanted: "awake" });
  if (!("found" in selection)) return selection;
  const ready = selection.found.find(({ process }) => process?.phase === "ready");
  return ready === undefined ? { instead: "no master that is ready" } : { found: ready };
}

function isAnswer(value: unknown): value is OperatorAnswer {
  return typeof value === "object" && value !== null && "accepted" in value;
}

async function orderOf(stage: Stage, step: Step, request: OperateAction["request"]): Promise<Look<Order>> {
  switch (request.kind) {
    case "start": {
      const code = await workflowCode(stage, request.workflow);
      if ("instead" in code) return code;
      const fields = startFields(request.options);
      return { found: { kind: "start", workflowDefinitionCode: code.found, ...fields } };
    }
    case "failover":
      throw new StepTrouble({
        verdict: "SKIP",
        code: "operate-failover",
        message: `step ${step.id}: no operator can order a failover; seed it as a command`,
        pointer: step.pointer,
      });
    case "pause":
    case "stop": {
      const id = await instanceId(stage, request.instance);
      if (id === undefined) return { instead: `there is no instance ${formatInstanceRef(request.instance)}` };
      return { found: { kind: request.kind, workflowInstanceId: id } };
    }
    case "repeat":
    case "recoverFailed":
    case "recoverSuspended": {
      const id = await instanceId(stage, request.instance);
      if (id === undefined) return { instead: `there is no instance ${formatInstanceRef(request.instance)}` };
      return { found: { kind: request.kind, workflowInstanceId: id, ...startFields(request.options) } };
    }
  }
}

async function instanceId(stage: Stage, ref: InstanceRef): Promise<number | undefined> {
  return (await stage.observer.instanceStates(ref))[0]?.id;
}

async function workflowCode(stage: Stage, name: string): Promise<Look<number>> {
  const text = "SELECT code FROM t_ds_workflow_definition WHERE name = $1";
  try {
    const { rows } = await runSql(stage.services.databaseUrl, { text, values: [name] }, ONE_TRY_MS);
    const code = rows[0]?.["code"];
    return code === undefined
      ? { instead: `workflow ${name} is not in the database` }
      : { found: Number(code) };
  } catch (error) {
    return { instead: errorMessage(error) };
  }
}

type StartFields = RunOptions;

/** Only what the case says: what it leaves out is the scheduler's default. */
function startFields(options: StartOptions): StartFields {
  const { params, startNodes, taskDependType, priority, failureStrategy, workerGroup, dryRun } = options;
  return {
    ...(Object.keys(params).length === 0 ? {} : { params }),
    ...(startNodes.length === 0 ? {} : { startNodes }),
    ...(taskDependType === undefined ? {} : { taskDependType }),
    ...(priority === undefined ? {} : { priority }),
    ...(failureStrategy === undefined ? {} : { failureStrategy }),
    ...(workerGroup === undefined ? {} : { workerGroup }),
    ...(dryRun ? { dryRun } : {}),
  };
}
