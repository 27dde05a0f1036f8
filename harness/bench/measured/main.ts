import { createSystemClock, errorMessage, required } from "../../../src/base/index.ts";
import { prepareClaims } from "./claim-role.ts";
import type { Report, Role } from "./protocol.ts";
import { prepareSlots } from "./slots-role.ts";
import { prepareSweep } from "./sweep-role.ts";

/** A process that is measured: it has its own memory and its own connections, as a master has. */
async function main(): Promise<void> {
  const clock = createSystemClock();
  const role = JSON.parse(required(process.argv[2], "role")) as Role;
  const tell = (report: Report): void => void process.send?.(report);
  const heard = (word: string): Promise<void> =>
    new Promise((resolve) => process.on("message", (message) => message === word && resolve()));
  const stopped = heard("stop");
  const go = heard("go");
  const work = await prepare(role, clock, tell);
  tell({ kind: "ready" });
  await go;
  tell(await work(stopped));
  process.disconnect();
}

function prepare(
  role: Role,
  clock: ReturnType<typeof createSystemClock>,
  tell: (report: Report) => void,
): Promise<(stopped: Promise<void>) => Promise<Report>> {
  switch (role.role) {
    case "sweep":
      return prepareSweep(role, clock);
    case "claim":
      return prepareClaims(role, clock, tell);
    case "slots":
      return prepareSlots(role, clock, tell);
  }
}

main().catch((error: unknown) => {
  process.stderr.write(`${errorMessage(error)}\n`);
  process.exit(1);
});
