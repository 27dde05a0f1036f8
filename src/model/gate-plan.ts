import type { ExecutionType } from "./vocabulary.ts";

/**
 * The gate of a serial workflow definition: one instance holds it, the others wait in front of it.
 *
 * | arrives         | gate free | held                                                                    |
 * |-----------------|-----------|-------------------------------------------------------------------------|
 * | SERIAL_WAIT     | enters    | waits behind those that wait already                                    |
 * | SERIAL_DISCARD  | enters    | is stopped                                                              |
 * | SERIAL_PRIORITY | enters    | the waiting ones end, the holder is ordered to stop; it waits for that  |
 *
 * A gate is free when nobody holds it and nobody waits: who waits goes before who comes.
 */

export type SerialType = Exclude<ExecutionType, "PARALLEL">;

/** An instance that has to do with a gate. */
export interface GateMember {
  readonly id: number;
  /** SERIAL_WAIT: nobody's, nothing of it runs. Otherwise it is at work. */
  readonly waits: boolean;
}

export interface Gate {
  readonly holder: GateMember | undefined;
  /** In the order in which they come next; at work beside the holder are only rows of a damaged past. */
  readonly others: readonly GateMember[];
}

/** An instance whose command is being claimed. */
export interface Arrival {
  readonly id: number;
  readonly type: SerialType;
  /** It waited already: its turn has come, or is believed to. It neither discards itself nor overtakes. */
  readonly called: boolean;
}

export interface GatePlan {
  readonly holder: number | undefined;
  /** By arrival. */
  readonly verdicts: ReadonlyMap<number, "enter" | "wait" | "stop">;
  /** Members that waited and end in STOP. */
  readonly ended: readonly number[];
  /** Members at work that get the order to stop. */
  readonly ordered: readonly number[];
}

interface Course {
  holder: GateMember | undefined;
  others: GateMember[];
  readonly verdicts: Map<number, "enter" | "wait" | "stop">;
  readonly ended: number[];
  readonly ordered: Set<number>;
}

/** A newer instance displaces all that came before it. What was claimed in the same batch never begins. */
function displace(course: Course): void {
  const all = course.holder === undefined ? course.others : [course.holder, ...course.others];
  const staying = all.filter(({ id, waits }) => {
    if (course.verdicts.has(id)) course.verdicts.set(id, "stop");
    else if (waits) course.ended.push(id);
    else course.ordered.add(id);
    return !course.verdicts.has(id) && !waits;
  });
  course.holder = staying[0];
  course.others = staying.slice(1);
}

function arrive(course: Course, { id, type, called }: Arrival): "enter" | "wait" | "stop" {
  if (course.holder?.id === id) return "enter";
  course.others = course.others.filter((other) => other.id !== id);
  const isFree = (): boolean => course.holder === undefined && course.others.length === 0;
  if (!isFree() && !called) {
    if (type === "SERIAL_DISCARD") return "stop";
    if (type === "SERIAL_PRIORITY") displace(course);
  }
  if (!isFree()) {
    course.others.push({ id, waits: true });
    return "wait";
  }
  course.holder = { id, waits: false };
  return "enter";
}

/** What becomes of those that arrive, in their order, and of those that are there. */
export function planGate(gate: Gate, arrivals: readonly Arrival[]): GatePlan {
  const course: Course = {
    holder: gate.holder,
    others: [...gate.others],
    verdicts: new Map(),
    ended: [],
    ordered: new Set(),
  };
  for (const arrival of arrivals) course.verdicts.set(arrival.id, arrive(course, arrival));
  return {
    holder: course.holder?.id,
    verdicts: course.verdicts,
    ended: course.ended,
    ordered: [...course.ordered],
  };
}
