import { CommanderError } from "commander";
import { createSystemClock, createSystemRandom, errorMessage } from "../base/index.ts";
import { CTL_EXIT, createCtl, NoMasterError } from "../ctl/index.ts";

const write = (stream: NodeJS.WriteStream) => (text: string) => void stream.write(text);

async function main(args: readonly string[]): Promise<number> {
  const err = write(process.stderr);
  const ports = { clock: createSystemClock(), random: createSystemRandom(), out: write(process.stdout), err };
  let exitCode: number = CTL_EXIT.done;
  const program = createCtl(ports, (code) => {
    exitCode = code;
  });
  try {
    await program.parseAsync([...args], { from: "user" });
    return exitCode;
  } catch (error) {
    // commander has said it already; help is no error.
    if (error instanceof CommanderError) return error.exitCode === 0 ? CTL_EXIT.done : CTL_EXIT.invalid;
    err(
      `error ${error instanceof NoMasterError ? `no master answered:\n  ${error.message}` : errorMessage(error)}\n`,
    );
    return CTL_EXIT.unreachable;
  }
}

// Nobody reads any more (`failover ctl list | head`): there is no use in going on.
process.stdout.on("error", () => process.exit(CTL_EXIT.unreachable));
// CI systems set variables to nothing; commander would take that for a word.
if (process.env["FAILOVER_MASTERS"] === "") delete process.env["FAILOVER_MASTERS"];
main(process.argv.slice(2)).then(
  (code) => {
    process.exitCode = code;
  },
  (error: unknown) => {
    process.stderr.write(`error ${errorMessage(error)}\n`);
    process.exitCode = CTL_EXIT.unreachable;
  },
);
