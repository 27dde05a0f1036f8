import { describe, expect, test } from "@jest/globals";
import { type Arrival, type Gate, planGate, type SerialType } from "./gate-plan.ts";

const FREE: Gate = { holder: undefined, others: [] };
const held = (holder: number, ...waiting: number[]): Gate => ({
  holder: { id: holder, waits: false },
  others: waiting.map((id) => ({ id, waits: true })),
});
const come = (type: SerialType, ...ids: number[]): readonly Arrival[] =>
  ids.map((id) => ({ id, type, called: false }));

function verdictsOf(gate: Gate, arrivals: readonly Arrival[]) {
  const plan = planGate(gate, arrivals);
  return { ...plan, verdicts: Object.fromEntries(plan.verdicts) };
}

describe.each(["SERIAL_WAIT", "SERIAL_DISCARD", "SERIAL_PRIORITY"] as const)("%s", (type) => {
  test("enters a free gate", () => {
    expect(verdictsOf(FREE, come(type, 1))).toEqual({
      holder: 1,
      verdicts: { 1: "enter" },
      ended: [],
      ordered: [],
    });
  });

  test("does not enter before one that waits, although nobody holds the gate", () => {
    const gate = { holder: undefined, others: [{ id: 1, waits: true }] };
    const { verdicts } = verdictsOf(gate, come(type, 2));
    expect(verdicts).toEqual({
      2: { SERIAL_WAIT: "wait", SERIAL_DISCARD: "stop", SERIAL_PRIORITY: "enter" }[type],
    });
  });
});

test("SERIAL_WAIT: of a batch the first enters and the others wait behind those that waited already", () => {
  expect(verdictsOf(FREE, come("SERIAL_WAIT", 1, 2, 3)).verdicts).toEqual({
    1: "enter",
    2: "wait",
    3: "wait",
  });
  expect(verdictsOf(held(1, 2), come("SERIAL_WAIT", 3))).toMatchObject({
    holder: 1,
    verdicts: { 3: "wait" },
  });
});

test("SERIAL_DISCARD: who comes while one is at work is stopped", () => {
  expect(verdictsOf(FREE, come("SERIAL_DISCARD", 1, 2)).verdicts).toEqual({ 1: "enter", 2: "stop" });
  expect(verdictsOf(held(1), come("SERIAL_DISCARD", 2))).toMatchObject({
    holder: 1,
    verdicts: { 2: "stop" },
  });
});

describe("SERIAL_PRIORITY", () => {
  test("orders the holder to stop, ends those that wait, and waits itself", () => {
    expect(verdictsOf(held(1, 2, 3), come("SERIAL_PRIORITY", 4))).toEqual({
      holder: 1,
      verdicts: { 4: "wait" },
      ended: [2, 3],
      ordered: [1],
    });
  });

  test("of a batch only the last one counts: the others never begin", () => {
    expect(verdictsOf(FREE, come("SERIAL_PRIORITY", 1, 2, 3))).toEqual({
      holder: 3,
      verdicts: { 1: "stop", 2: "stop", 3: "enter" },
      ended: [],
      ordered: [],
    });
    expect(verdictsOf(held(1), come("SERIAL_PRIORITY", 2, 3))).toEqual({
      holder: 1,
      verdicts: { 2: "stop", 3: "wait" },
      ended: [],
      ordered: [1],
    });
  });

  test("ends a holder that was called in and has not begun, and enters in its place", () => {
    const gate = { holder: { id: 1, waits: true }, others: [] };
    expect(verdictsOf(gate, come("SERIAL_PRIORITY", 2))).toEqual({
      holder: 2,
      verdicts: { 2: "enter" },
      ended: [1],
      ordered: [],
    });
  });
});

describe("one that is called in", () => {
  const called = (id: number, type: SerialType = "SERIAL_WAIT"): Arrival => ({ id, type, called: true });

  test("enters when it is the holder", () => {
    expect(verdictsOf({ holder: { id: 1, waits: true }, others: [] }, [called(1)])).toMatchObject({
      holder: 1,
      verdicts: { 1: "enter" },
    });
  });

  test("waits on when another one holds the gate, whatever its type", () => {
    for (const type of ["SERIAL_WAIT", "SERIAL_DISCARD", "SERIAL_PRIORITY"] as const) {
      expect(verdictsOf(held(1, 2), [called(2, type)])).toEqual({
        holder: 1,
        verdicts: { 2: "wait" },
        ended: [],
        ordered: [],
      });
    }
  });
});
