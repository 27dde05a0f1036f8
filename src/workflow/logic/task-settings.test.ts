import { describe, expect, test } from "@jest/globals";
import {
  parseSettings,
  readChildDefinition,
  readConditions,
  readDependent,
  readSwitch,
  SettingsError,
  withBranch,
  withCondition,
} from "./task-settings.ts";

const conditions = {
  dependence: {
    relation: "OR",
    dependTaskList: [
      { relation: "AND", dependItemList: [{ depTaskCode: 1, status: "SUCCESS" }] },
      { relation: "OR", dependItemList: [{ depTaskCode: 2, status: "FAILURE" }] },
    ],
  },
  conditionResult: { successNode: [3, "4"], failedNode: [5] },
};

describe("task_params as DolphinScheduler writes them", () => {
  test("of CONDITIONS, and the decision in them", () => {
    expect(readConditions(conditions)).toEqual({
      dependence: {
        relation: "OR",
        groups: [
          { relation: "AND", items: [{ taskCode: 1, status: "SUCCESS" }] },
          { relation: "OR", items: [{ taskCode: 2, status: "FAILURE" }] },
        ],
      },
      success: [3, 4],
      failed: [5],
      decided: undefined,
    });
    const decided = withCondition(conditions, false);
    expect(readConditions(decided)).toMatchObject({ success: [3, 4], failed: [5], decided: false });
  });

  test("of SWITCH, and the branch in them", () => {
    const settings = {
      switchResult: { dependTaskList: [{ condition: "1 < 2", nextNode: 7 }], nextNode: "8" },
    };
    expect(readSwitch(settings)).toEqual({
      cases: [{ condition: "1 < 2", next: [7] }],
      otherwise: [8],
      decided: undefined,
    });
    expect(readSwitch(withBranch(settings, [7])).decided).toEqual([7]);
    expect(readSwitch(withBranch(settings, [])).decided).toEqual([]);
    expect(withBranch(settings, [7])).toMatchObject({ nextBranch: 7 });
  });

  test.each([0, -1, undefined])("of DEPENDENT: the task code %s means the whole workflow", (depTaskCode) => {
    const item = { definitionCode: 10, depTaskCode, cycle: "day", dateValue: "last1Days" };
    const dependence = { dependTaskList: [{ relation: "AND", dependItemList: [item] }] };
    expect(readDependent({ dependence }).dependence.groups[0]?.items).toEqual([
      { definitionCode: 10, taskCode: undefined, dateValue: "last1Days" },
    ]);
  });

  test("of DEPENDENT: a failure is waited out only when the policy says so", () => {
    const of = (failurePolicy?: string) =>
      readDependent({ dependence: { failurePolicy, failureWaitingTime: 2 } }).failureWaitingMs;
    expect(of("DEPENDENT_FAILURE_WAITING")).toBe(120_000);
    expect(of("DEPENDENT_FAILURE_FAILURE")).toBe(0);
    expect(of()).toBe(0);
  });

  test("of SUB_WORKFLOW, also under its older name", () => {
    expect(readChildDefinition({ workflowDefinitionCode: 1 })).toBe(1);
    expect(readChildDefinition({ processDefinitionCode: "2" })).toBe(2);
  });
});

test.each<[string, () => unknown, string]>([
  ["no JSON", () => parseSettings("{"), "are not JSON"],
  ["nothing", () => parseSettings(null), "are not JSON"],
  ["a list", () => parseSettings("[]"), "are no object"],
  ["no conditionResult", () => readConditions({ dependence: {} }), "no conditionResult"],
  ["no switchResult", () => readSwitch({}), "no switchResult"],
  ["an odd relation", () => readDependent({ dependence: { relation: "XOR" } }), "neither AND nor OR"],
  ["a list that is none", () => readSwitch({ switchResult: { dependTaskList: 1 } }), "is no list"],
  ["no definition", () => readChildDefinition({}), "no workflowDefinitionCode"],
])("settings with %s say what is wrong", (_, read, message) => {
  expect(read).toThrow(SettingsError);
  expect(read).toThrow(message);
});
