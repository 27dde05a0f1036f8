import {
  type Clock,
  FailpointError,
  type FailpointName,
  type FailpointSubject,
  type Failpoints,
} from "../base/index.ts";
import type { ControlMessage, Events } from "../model/index.ts";

/** Failpoints that do what a supervisor said. */
export interface ControlledFailpoints extends Failpoints {
  /** Carries out what the supervisor says; messages of other kinds are ignored. */
  control(message: ControlMessage): void;
}

type Arming = Extract<ControlMessage, { kind: "arm-failpoint" }>;

interface Armed {
  readonly arming: Arming;
  /** Times that the step was reached since it was armed. */
  reached: number;
  /** Those who wait here, by hold id. */
  readonly holds: Map<number, () => void>;
}

/**
 * Failpoints under the control of a supervisor. `failpoint.reached` is on record before anything is done about it.
 * `die` ends the process as SIGKILL does; `kill` is given so that a test need not die.
 */
export function createControlledFailpoints(options: {
  readonly events: Events;
  readonly clock: Clock;
  readonly kill: () => void;
}): ControlledFailpoints {
  const armed = new Map<number, Armed>();
  let lastHoldId = 0;

  function matching(name: FailpointName, subject: FailpointSubject): Armed | undefined {
    let found: Armed | undefined;
    for (const entry of armed.values()) {
      const { at, nth, workflowInstanceId } = entry.arming;
      if (at !== name) continue;
      if (workflowInstanceId !== undefined && workflowInstanceId !== subject.workflowInstanceId) continue;
      entry.reached += 1;
      if (nth === undefined || nth === entry.reached) found ??= entry;
    }
    return found;
  }

  async function act(entry: Armed, name: FailpointName, holdId: number): Promise<void> {
    const { arming, holds } = entry;
    switch (arming.do) {
      case "hold":
        await new Promise<void>((resolve) => holds.set(holdId, resolve));
        holds.delete(holdId);
        return;
      case "delay":
        await options.clock.sleep(arming.delayMs ?? 0);
        return;
      case "fail":
        throw new FailpointError(`failpoint ${name} was told to fail`);
      case "die":
        options.kill();
        // The signal is on its way; nothing may happen until it arrives.
        return new Promise(() => undefined);
    }
  }

  return {
    async reach(name, subject = {}) {
      const entry = matching(name, subject);
      if (entry === undefined) return;
      lastHoldId += 1;
      const holdId = lastHoldId;
      const { workflowInstanceId, taskInstanceId, incarnation } = subject;
      options.events.emit({
        type: "failpoint.reached",
        name,
        held: entry.arming.do === "hold",
        holdId,
        armId: entry.arming.armId,
        ...(workflowInstanceId === undefined ? {} : { workflowInstanceId }),
        ...(taskInstanceId === undefined ? {} : { taskInstanceId }),
        ...(incarnation === undefined ? {} : { of: incarnation }),
      });
      await act(entry, name, holdId);
    },
    control(message) {
      switch (message.kind) {
        case "arm-failpoint":
          armed.set(message.armId, { arming: message, reached: 0, holds: new Map() });
          return;
        case "disarm-failpoint":
          for (const release of armed.get(message.armId)?.holds.values() ?? []) release();
          armed.delete(message.armId);
          return;
        case "release-failpoint":
          for (const entry of armed.values()) entry.holds.get(message.holdId)?.();
          return;
      }
    },
  };
}
