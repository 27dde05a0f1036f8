import type { Clock } from "../../src/base/index.ts";
import type { Environment } from "../environment/index.ts";
import type { HistoryEvent } from "../observe/index.ts";

/** What the cases of a run have in common. */
export interface CaseParts {
  readonly environment: Environment;
  readonly runId: string;
  readonly clock: Clock;
  /** The node program: dist/node.cjs. */
  readonly nodeProgram: string;
  /** Where cases work while they run; each makes a folder of its own in it. */
  readonly scratch: string;
  /** Where evidence is kept: ".runs". */
  readonly evidenceRoot: string;
  /** Keeps the evidence of passed cases too. */
  readonly keep: boolean;
  /** Text of a case file, for code frames. */
  readonly readText: (file: string) => string | undefined;
  /** Gets the events of running cases as they come. */
  readonly onEvent?: (caseName: string, event: HistoryEvent) => void;
}
