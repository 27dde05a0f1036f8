import { type ChildProcess, spawn } from "node:child_process";
import { realpathSync } from "node:fs";
import path from "node:path";
import { errorCode, errorMessage } from "../../base/index.ts";
import { type AlertChannel, type AlertMessage, SendError, type SendLimits } from "../alert-channel.ts";
import { shown } from "./http-exchange.ts";

export interface ScriptChannelOptions {
  /** Scripts have to stand below one of these. None: there is no script that may be run. */
  readonly directories: readonly string[];
  /** Environment of this process; a script gets only what it needs of it. */
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/** The kernel takes 128 KiB in one argument; the whole content comes on standard input. */
const ARGUMENT_LIMIT = 60_000;
const OUTPUT_LIMIT = 4096;
/** FAILOVER_RUN_ID: whoever ends what a run has left finds it by that. */
const HANDED_ON = ["PATH", "HOME", "LANG", "TZ", "FAILOVER_RUN_ID"] as const;

/** The real path of a script that may be run, or what is wrong with it. */
function allowedPath(file: string, directories: readonly string[]): { path: string } | { problem: string } {
  if (directories.length === 0)
    return {
      problem: 'no script may be run; name directories in "alert.scriptDirectories" of the alert server',
    };
  try {
    // Links are followed first: one below the directory must not lead out of it.
    const real = realpathSync(file);
    const isBelow = directories.some((one) => real.startsWith(`${realpathSync(one)}${path.sep}`));
    return isBelow ? { path: real } : { problem: `${file} is not below ${directories.join(" or ")}` };
  } catch (error) {
    return { problem: `${file} cannot be found (${errorCode(error) ?? errorMessage(error)})` };
  }
}

const printable = (text: string): string => text.replaceAll("\0", "");

function start(
  file: string,
  userParams: string,
  message: AlertMessage,
  options: ScriptChannelOptions,
): ChildProcess {
  const title = printable(message.title);
  const content = printable(message.content).slice(0, ARGUMENT_LIMIT);
  // DolphinScheduler's options. No shell reads them: whatever stands in an alert is an argument and nothing else.
  const given = userParams === "" ? [] : ["-p", userParams];
  const kept = HANDED_ON.map((name) => [name, options.environment[name]] as const);
  const environment = Object.fromEntries(kept.filter(([, value]) => value !== undefined));
  return spawn(file, [...given, "-t", title, "-c", content], {
    env: { ...environment, ALERT_KEY: printable(message.key), ALERT_GROUP: printable(message.group ?? "") },
    stdio: ["pipe", "pipe", "pipe"],
    // Its own group, so that what it starts ends with it.
    detached: true,
  });
}

function killGroup(child: ChildProcess): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, "SIGKILL");
  } catch {
    // Gone already.
  }
}

async function run(child: ChildProcess, message: AlertMessage, limits: SendLimits): Promise<string> {
  let output = "";
  const keep = (chunk: Buffer): void => {
    if (output.length < OUTPUT_LIMIT) output += chunk.toString("utf8");
  };
  child.stdout?.on("data", keep);
  child.stderr?.on("data", keep);
  // A script that does not read what it is told is no failure.
  child.stdin?.on("error", () => undefined).end(message.content);
  const kill = (): void => killGroup(child);
  limits.signal.addEventListener("abort", kill);
  try {
    const { code, signal } = await new Promise<{ code: number | null; signal: string | null }>(
      (resolve, reject) => {
        child.once("error", reject).once("exit", (exitCode, by) => resolve({ code: exitCode, signal: by }));
        if (limits.signal.aborted) kill();
      },
    );
    if (code === 0) return "the script exited with 0";
    if (limits.signal.aborted)
      throw new SendError(`the script did not end in ${limits.withinMs} ms and was killed`);
    throw new SendError(`the script ended with ${code ?? signal}${shown(output)}`);
  } catch (error) {
    if (error instanceof SendError) throw error;
    throw new SendError(`the script cannot be run: ${errorCode(error) ?? errorMessage(error)}`);
  } finally {
    limits.signal.removeEventListener("abort", kill);
    // What it left in the background ends, too.
    killGroup(child);
  }
}

/** A script of one's own: `path -p userParams -t title -c content`, the content on standard input, too. */
export function scriptChannel(options: ScriptChannelOptions): AlertChannel {
  return {
    name: "Script",
    params: {
      path: "the script, below a directory that the alert server allows",
      userParams: "passed on as the value of -p",
    },
    open(params) {
      const file = params.text("path");
      const userParams = printable(params.text("userParams", { fallback: "" }));
      params.ignore("type", "timeout");
      const allowed = file === "" ? { problem: "" } : allowedPath(file, options.directories);
      if ("problem" in allowed && allowed.problem !== "") params.report(`\`path\`: ${allowed.problem}`);
      return {
        send: (message, limits) =>
          run(start("path" in allowed ? allowed.path : file, userParams, message, options), message, limits),
      };
    },
  };
}
