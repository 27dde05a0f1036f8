import { describe, expect, test } from "@jest/globals";
import { Ledger, type Outcome } from "./ledger.ts";

const row = (more: Partial<Outcome> = {}): Outcome => ({
  id: 1,
  shape: "single",
  state: "SUCCESS",
  runTimes: 1,
  ...more,
});

function said(ledger: Ledger, rows: readonly Outcome[]): readonly string[] {
  return ledger.compare(rows).map(({ message }) => message);
}

describe("the ledger", () => {
  test("has nothing to say when everything ended as it should", () => {
    const ledger = new Ledger();
    ledger.started(1, "single");
    ledger.started(2, "fails");
    expect(said(ledger, [row(), row({ id: 2, shape: "fails", state: "FAILURE" })])).toEqual([]);
  });

  test("names a start that was lost, and one that nobody asked for", () => {
    const ledger = new Ledger();
    ledger.started(1, "single");
    expect(said(ledger, [row({ id: 2 })])).toEqual([
      "single (instance 1) was accepted and there is no row of it",
      "1 instances were not asked for: single (instance 2)",
    ]);
  });

  test("takes an end that nobody had ordered for wrong", () => {
    const ledger = new Ledger();
    ledger.started(1, "single");
    expect(said(ledger, [row({ state: "STOP" })])).toEqual([
      "single (instance 1) should be SUCCESS, and is STOP",
    ]);
    ledger.ordered(1, "stop");
    expect(said(ledger, [row({ state: "STOP" })])).toEqual([]);
  });

  test("counts runs: one for the start, one for each order to do it again", () => {
    const ledger = new Ledger();
    ledger.started(1, "single");
    ledger.ordered(1, "repeat");
    expect(said(ledger, [row({ runTimes: 2 })])).toEqual([]);
    expect(said(ledger, [row({ runTimes: 3 })])).toEqual([
      "single (instance 1) should have run_times 2 after 1 x repeat, and has 3",
    ]);
  });

  test("allows one instance more for a request that nobody answered, and says so", () => {
    const ledger = new Ledger();
    ledger.unanswered("start single (no master was up)");
    expect(said(ledger, [row()])).toEqual(["no master ever answered: start single (no master was up)"]);
  });
});
