import { expect, test } from "@jest/globals";
import type { Json } from "../../case/resolved-case.ts";
import { evidenceOf, instanceRow } from "../evidence-builder.ts";
import { checkExpectations } from "../judge-sections.ts";

test("ages are as in the given state, or compared in milliseconds; parameters with those of the start", () => {
  const startWallMs = Date.parse("2025-01-01T12:00:00.000Z");
  const instances = [
    instanceRow(1, "SUCCESS", {
      start_time: "2025-01-01T10:00:00.500Z",
      restart_time: null,
      global_params: '[{"prop":"x","value":"1"},{"prop":"y","value":"2"}]',
      command_param: '{"commandParams":[{"prop":"y","value":"3"}]}',
    }),
  ];
  const evidence = evidenceOf({ instances, attempts: [], evidence: { startWallMs } });
  const of = (row: { readonly [key: string]: Json }) =>
    checkExpectations(evidence, {
      expect: { instances: [{ workflow: "etl", ...row }] },
      pointer: "/expect",
      withDefaults: false,
    }).map(({ message }) => message);
  expect(of({ startedAgo: "2h", restartedAgo: null, params: { x: 1, y: 3 } })).toEqual([]);
  expect(of({ startedAgo: { $gte: "2h", $lt: "121m" } })).toEqual([]);
  expect(of({ startedAgo: "1h" })).toEqual([
    "instance etl, startedAgo: expected 1h before the case, was 7199500 ms before it",
  ]);
  expect(of({ params: { y: 2 } })[0]).toContain("params.y: expected 2, was 3");
});
