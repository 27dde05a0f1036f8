import type { Trouble } from "../observe/index.ts";

/** Ends the steps of a case: what could not be carried through, and what that means for the verdict. */
export class StepTrouble extends Error {
  override readonly name = "StepTrouble";
  readonly trouble: Trouble;

  constructor(trouble: Trouble, options?: ErrorOptions) {
    super(trouble.message, options);
    this.trouble = trouble;
  }
}

/** A moment or a role did not come: nothing can be said. */
export function momentMissed(message: string, pointer: string): StepTrouble {
  return new StepTrouble({ verdict: "INCONCLUSIVE", code: "moment-missed", message, pointer });
}

/** A fault could not be proved: nothing can be said. */
export function notLanded(message: string, pointer: string): StepTrouble {
  return new StepTrouble({ verdict: "INCONCLUSIVE", code: "fault-not-landed", message, pointer });
}
