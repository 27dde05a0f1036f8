import type { AttemptFact } from "../facts.ts";
import { groupBy } from "../group-by.ts";
import { isDecidedAgain, mayRerun } from "./claims.ts";
import type { Breach, Invariant } from "./invariant.ts";

/**
 * Of the attempts of a task exactly one is valid (flag YES), and it is the newest. After a repeat all of the former
 * attempts may be invalid, as long as the task was not reached again; and so may those of a branch after a recovery
 * that took the other one. Source: dolphinscheduler.md 12.1; ONE-YES.
 */
export const oneValidAttempt: Invariant = {
  name: "one-valid-attempt",
  rule: "of a task's attempts exactly the newest is valid",
  check: (facts) =>
    facts.instances.flatMap((instance) =>
      [...groupBy(instance.attempts, ({ task }) => task)].flatMap(([task, attempts]): readonly Breach[] => {
        const valid = attempts.filter((one) => one.valid);
        if (valid.length === 0 && (mayRerun(instance, facts) || isDecidedAgain(instance, task, facts)))
          return [];
        if (valid.length === 1 && valid[0] === attempts.at(-1)) return [];
        const which = valid.length === 0 ? "none" : valid.map(({ id }) => id).join(", ");
        return [
          {
            message: `${instance.name}.${task}: valid attempts: ${which}; newest: ${attempts.at(-1)?.id}`,
            details: attempts.map(describe),
          },
        ];
      }),
    ),
};

function describe({ id, state, valid }: AttemptFact): string {
  return `attempt ${id}: ${state}, flag ${valid ? "YES" : "NO"}`;
}
