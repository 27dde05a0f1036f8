import { parseArgs } from "node:util";
import { createSystemClock, errorMessage } from "../../src/base/index.ts";
import { EXIT_CODES } from "../base/index.ts";
import { benchCaseOverhead } from "./case-overhead.ts";
import { benchFailover } from "./failover/bench-failover.ts";
import { benchTakeover } from "./takeover/bench-takeover.ts";

const USAGE = `npm run bench                     what a case costs beside what it waits for
npm run bench failover            N orphaned workflows are failed over and claimed, against the loop and against COPY
  --counts 10000,100000           how many
  --rounds 5                      medians of so many
  --batch 1000                    rows of one transaction
  --parts claims,views            what is measured beside the sweep (default: both)
  --test-settings                 a database as the cases have it, which does not wait for the disk
npm run bench takeover            from the end of the owner's session to the first dispatch by the next owner
  --rounds 20
`;

const text = { type: "string" } as const;
const OPTIONS = {
  counts: text,
  rounds: text,
  parts: text,
  batch: text,
  "test-settings": { type: "boolean" },
} as const;

async function main(args: readonly string[]): Promise<number> {
  const { values, positionals } = parseArgs({ args: [...args], options: OPTIONS, allowPositionals: true });
  const clock = createSystemClock();
  const [what = "cases"] = positionals;
  switch (what) {
    case "cases":
      await benchCaseOverhead(clock);
      return EXIT_CODES.passed;
    case "failover":
      await benchFailover({
        counts: (values.counts ?? "10000,100000").split(",").map(Number),
        rounds: Number(values.rounds ?? 5),
        parts: (values.parts ?? "claims,views").split(","),
        batchSize: Number(values.batch ?? 1000),
        durable: values["test-settings"] !== true,
        clock,
      });
      return EXIT_CODES.passed;
    case "takeover":
      await benchTakeover({ rounds: Number(values.rounds ?? 20), clock });
      return EXIT_CODES.passed;
    default:
      process.stderr.write(USAGE);
      return EXIT_CODES.invalid;
  }
}

main(process.argv.slice(2)).then(
  (code) => {
    process.exitCode = code;
  },
  (error: unknown) => {
    process.stderr.write(`${errorMessage(error)}\n${USAGE}`);
    process.exitCode = 1;
  },
);
