import type { ExpectedFailure } from "../case/resolved-case.ts";
import type { Finding, Judgement } from "./finding.ts";

/**
 * A case with `xfail` passes exactly when it fails as it says: in that verdict, and by that section, invariant or error
 * code. A case that could not run at all (SKIP, ERROR) proves nothing and stays what it is, unless that was expected.
 */
export function applyExpectedFailure(judgement: Judgement, xfail: ExpectedFailure | undefined): Judgement {
  if (xfail === undefined) return judgement;
  const { verdict, with: code, reason } = xfail;
  const codes = [...new Set(judgement.findings.map((finding) => finding.code))];
  if (judgement.verdict === verdict && (code === undefined || codes.includes(code))) {
    return { verdict: "PASS", findings: [], note: `fails as expected (${codes.join(", ")}): ${reason}` };
  }
  if (judgement.verdict !== verdict && (judgement.verdict === "SKIP" || judgement.verdict === "ERROR")) {
    return judgement;
  }
  const expected = `${verdict}${code === undefined ? "" : ` with ${code}`}`;
  const actual = codes.length === 0 ? judgement.verdict : `${judgement.verdict} with ${codes.join(", ")}`;
  const finding: Finding = {
    kind: "expectation",
    code: "xfail",
    pointer: "/xfail",
    message: `xfail: the case has to end as ${expected} (${reason}), it ended as ${actual}`,
  };
  return { verdict: "FAIL", findings: [finding, ...judgement.findings] };
}
