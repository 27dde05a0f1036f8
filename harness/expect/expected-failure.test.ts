import { expect, test } from "@jest/globals";
import { applyExpectedFailure } from "./expected-failure.ts";
import type { Judgement } from "./finding.ts";

const failed: Judgement = {
  verdict: "FAIL",
  findings: [
    { kind: "expectation", code: "instances", pointer: "/expect/instances", message: "a row is wrong" },
  ],
};
const xfail = { verdict: "FAIL", with: "instances", reason: "the row is put in by hand" } as const;

test("a case that fails as it says passes, and tells why", () => {
  expect(applyExpectedFailure(failed, xfail)).toEqual({
    verdict: "PASS",
    findings: [],
    note: "fails as expected (instances): the row is put in by hand",
  });
  expect(applyExpectedFailure(failed, { ...xfail, with: undefined }).verdict).toBe("PASS");
});

test("a case that passes, or fails by something else, fails", () => {
  const passed = applyExpectedFailure({ verdict: "PASS", findings: [] }, xfail);
  expect(passed.verdict).toBe("FAIL");
  expect(passed.findings[0]?.message).toBe(
    "xfail: the case has to end as FAIL with instances (the row is put in by hand), it ended as PASS",
  );
  const other = applyExpectedFailure(failed, { ...xfail, with: "one-owner" });
  expect(other.findings.map(({ code }) => code)).toEqual(["xfail", "instances"]);
});

test("another verdict than the one that was said fails; what proves nothing stays", () => {
  const inconclusive: Judgement = {
    verdict: "INCONCLUSIVE",
    findings: [{ kind: "assumption", code: "fault-not-landed", pointer: "", message: "" }],
  };
  expect(applyExpectedFailure(inconclusive, xfail).verdict).toBe("FAIL");
  expect(
    applyExpectedFailure(inconclusive, { ...xfail, verdict: "INCONCLUSIVE", with: "fault-not-landed" })
      .verdict,
  ).toBe("PASS");
  expect(applyExpectedFailure({ verdict: "SKIP", findings: [] }, xfail).verdict).toBe("SKIP");
  expect(applyExpectedFailure({ verdict: "ERROR", findings: [] }, xfail).verdict).toBe("ERROR");
  expect(applyExpectedFailure(failed, undefined)).toBe(failed);
});
