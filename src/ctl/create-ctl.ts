import { Command, Option } from "commander";
import { FAILURE_STRATEGY_CODES, PRIORITY_CODES, WORKFLOW_STATES } from "../model/index.ts";
import { type CtlPorts, type Order, orderCommand, viewCommand } from "./ctl-commands.ts";
import {
  bodyOf,
  type CommonOptions,
  DEPEND_WORDS,
  type OrderOptions,
  type RunFlags,
  readInstanceId,
  readMasters,
  readNames,
  readParam,
  readSeconds,
  readWord,
} from "./ctl-options.ts";
import { showCommands, showErrorCommands, showInstance, showInstances, showWorkflows } from "./show-views.ts";

const HELP = `
Examples:
  failover ctl workflows --master 10.0.0.1:5678            what can be started
  failover ctl start nightly-report --param day=2024-08-01 --wait
  failover ctl start etl --from load --depend only         only the task load
  failover ctl list --state FAILURE                        what has failed
  failover ctl show 17                                     one instance with its tasks
  failover ctl recover-failed 17 --wait 600                do the failed tasks again
  failover ctl backfill etl --days 2024-08-01..2024-08-07  a week, one day after the other

Masters: any master of the cluster will do, whichever owns the workflow. Name several and the next one is
asked when one is away. FAILOVER_MASTERS=HOST:PORT,HOST:PORT saves typing.

"Accepted" means stored in the database: it will be done whoever dies. A request that got no answer is
repeated with the same --request-id; it is done once.

Exit codes:
   0  done; with --wait: SUCCESS, or ended as stop and pause wanted it
   2  invalid arguments            10  with --wait: it ended in FAILURE
   3  no master answered           11  with --wait: it ended in STOP
   4  refused: the reason is said  12  with --wait: it ended in PAUSE
   5  --wait took too long         13  with --wait of stop or pause: it ended in SUCCESS before`;

type Done = (exitCode: number) => void;

function withCommon(command: Command): Command {
  return command
    .addOption(
      new Option("-m, --master <address>", "HOST:PORT of a master; several, separated by commas or repeated")
        .env("FAILOVER_MASTERS")
        .argParser(readMasters)
        .makeOptionMandatory(),
    )
    .option("--json", "print JSON for programs", false)
    .option("--timeout <seconds>", "how long to look for a master that answers", readSeconds, 10);
}

function withOrder(command: Command): Command {
  return withCommon(command)
    .option("--wait [seconds]", "wait for the end of the instance, at most so long", readSeconds)
    .option(
      "--request-id <id>",
      "names this request, so that a repetition is done once (default: a new one)",
    );
}

function withRun(command: Command): Command {
  return withOrder(command)
    .option("-p, --param <name=value>", "a parameter for the scripts; several", readParam)
    .option("--from <tasks>", "only from these tasks: names, separated by commas", readNames)
    .addOption(
      new Option("--depend <what>", "with --from: only them, them and what is before, them and what is after")
        .choices(DEPEND_WORDS)
        .default(undefined, "post"),
    )
    .option("--priority <word>", "highest, high, medium, low, lowest", readWord(Object.keys(PRIORITY_CODES)))
    .option("--worker-group <name>", "where tasks run that name no group themselves")
    .option(
      "--failure-strategy <word>",
      "continue (independent branches go on) or end (a backfill stops at a failed date)",
      readWord(Object.keys(FAILURE_STRATEGY_CODES)),
    )
    .option("--dry-run", "go through the workflow without running anything");
}

interface ListFlags {
  readonly workflow?: string;
  readonly state?: string;
  readonly before?: number;
  readonly limit?: number;
}

function addViews(program: Command, ports: CtlPorts, done: Done): void {
  const view = (command: Command, path: string, show: Parameters<typeof viewCommand>[2]["show"]): void => {
    withCommon(command).action(async (options: CommonOptions) =>
      done(await viewCommand(ports, options, { path, show })),
    );
  };
  withCommon(program.command("show").argument("<instance>", "id of the instance", readInstanceId))
    .description("one instance with its tasks, orders and commands")
    .action(async (id: number, options: CommonOptions) =>
      done(await viewCommand(ports, options, { path: `/api/v1/instances/${id}`, show: showInstance })),
    );
  withCommon(program.command("list"))
    .description("instances, the newest first")
    .option("--workflow <name>", "only of this workflow (name or code)")
    .option("--state <state>", "only in this state", readWord(WORKFLOW_STATES))
    .option("--before <id>", "only with smaller ids: the next page", readInstanceId)
    .option("--limit <n>", "at most so many", readInstanceId, 50)
    .action(async (options: CommonOptions & ListFlags) => {
      const query = new URLSearchParams();
      for (const name of ["workflow", "state", "before", "limit"] as const) {
        const value = options[name];
        if (value !== undefined) query.set(name, String(value));
      }
      done(
        await viewCommand(ports, options, {
          path: `/api/v1/instances?${query.toString()}`,
          show: showInstances,
        }),
      );
    });
  const add = (name: string, text: string): Command => program.command(name).description(text);
  view(add("workflows", "workflows that can be started"), "/api/v1/workflows?limit=1000", showWorkflows);
  view(add("commands", "commands that wait for a master"), "/api/v1/commands", showCommands);
  view(
    add("error-commands", "commands that failed, with the reason"),
    "/api/v1/error-commands",
    showErrorCommands,
  );
}

interface InstanceVerb {
  readonly verb: string;
  readonly text: string;
  readonly wants: Order["wants"];
}

const PLAIN_ORDERS: readonly InstanceVerb[] = [
  { verb: "stop", text: "stop an instance: its running tasks are killed", wants: "STOP" },
  { verb: "pause", text: "pause an instance: running tasks end, no new one starts", wants: "PAUSE" },
];
const RUN_ORDERS: readonly InstanceVerb[] = [
  { verb: "repeat", text: "run an ended instance again from the start", wants: "SUCCESS" },
  { verb: "recover-failed", text: "do failed and killed tasks again and go on from there", wants: "SUCCESS" },
  { verb: "recover-suspended", text: "let a paused or stopped instance go on", wants: "SUCCESS" },
];

function addInstanceOrders(program: Command, ports: CtlPorts, done: Done): void {
  const command = ({ verb, text }: InstanceVerb): Command =>
    program.command(verb).description(text).argument("<instance>", "id of the instance", readInstanceId);
  const order = ({ verb, wants }: InstanceVerb, id: number, body: Order["body"]): Order => ({
    path: `/api/v1/instances/${id}/${verb}`,
    body,
    wants,
    what: verb,
  });
  for (const verb of PLAIN_ORDERS) {
    withOrder(command(verb)).action(async (id: number, options: OrderOptions) =>
      done(await orderCommand(ports, options, order(verb, id, {}))),
    );
  }
  for (const verb of RUN_ORDERS) {
    withRun(command(verb)).action(async (id: number, options: RunFlags) =>
      done(await orderCommand(ports, options, order(verb, id, bodyOf(options)))),
    );
  }
}

function addStarts(program: Command, ports: CtlPorts, done: Done): void {
  const path = (workflow: string, verb: string): string =>
    `/api/v1/workflows/${encodeURIComponent(workflow)}/${verb}`;
  withRun(program.command("start").argument("<workflow>", "name or code"))
    .description("start a workflow")
    .option("--schedule-time <time>", "run it for that time, as a schedule would have (UTC)")
    .action(async (workflow: string, options: RunFlags & { readonly scheduleTime?: string }) => {
      const { scheduleTime } = options;
      const body = { ...bodyOf(options), ...(scheduleTime === undefined ? {} : { scheduleTime }) };
      const order: Order = { path: path(workflow, "start"), body, wants: "SUCCESS", what: "start" };
      done(await orderCommand(ports, options, order));
    });
  withRun(program.command("backfill").argument("<workflow>", "name or code"))
    .description("run a workflow for past days, one after the other, the oldest first")
    .requiredOption("--days <days>", "2024-08-01..2024-08-07, or a list separated by commas")
    .action(async (workflow: string, options: RunFlags & { readonly days: string }) => {
      const [from = "", to] = options.days.split("..");
      const days = to === undefined ? { dates: from.split(",") } : { from, to };
      const order: Order = {
        path: path(workflow, "backfill"),
        body: { ...bodyOf(options), ...days },
        wants: "SUCCESS",
        what: "backfill, first date,",
      };
      done(await orderCommand(ports, options, order));
    });
}

/** The command line of operators. `done` gets the exit code of the command that ran. */
export function createCtl(ports: CtlPorts, done: Done): Command {
  const program = new Command("failover ctl");
  program
    .description(
      "Operates a running cluster: starts, stops and recovers workflows through any of its masters.",
    )
    .addHelpText("after", HELP)
    .showSuggestionAfterError(true)
    .showHelpAfterError("Try: failover ctl --help")
    .configureOutput({ writeOut: ports.out, writeErr: ports.err })
    .exitOverride();
  addStarts(program, ports, done);
  addInstanceOrders(program, ports, done);
  addViews(program, ports, done);
  for (const command of program.commands) command.copyInheritedSettings(program);
  return program;
}
