import { spawn } from "node:child_process";
import path from "node:path";
import type { Command } from "commander";
import { EXIT_CODES } from "../base/index.ts";
import { projectRoot } from "../keeper/index.ts";

/** Runs a program of dist/ with these arguments, as if it had been called itself. Resolves with its exit code. */
function runProgram(name: string, args: readonly string[]): Promise<number> {
  const file = path.join(projectRoot(), "dist", `${name}.cjs`);
  const child = spawn(process.execPath, [file, ...args], { stdio: "inherit" });
  // A terminal sends these to both; the program decides, and this process waits for it.
  const forward = (signal: NodeJS.Signals): void => void child.kill(signal);
  const signals: readonly NodeJS.Signals[] = ["SIGINT", "SIGTERM"];
  for (const signal of signals) process.on(signal, forward);
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("exit", (code) => {
      for (const signal of signals) process.off(signal, forward);
      resolve(code ?? EXIT_CODES.interrupted);
    });
  });
}

/** A command of the scheduler: its arguments, its help too, are its own business. */
export function addPassThrough(
  program: Command,
  name: string,
  description: string,
  done: (exitCode: number) => void,
): void {
  program
    .enablePositionalOptions()
    .command(name)
    .description(`${description} (failover ${name} --help)`)
    .argument("[args...]")
    .helpOption(false)
    .allowUnknownOption()
    .passThroughOptions()
    .action(async (args: string[]) => done(await runProgram(name, args)));
}
