import { describe, expect, test } from "@jest/globals";
import { ExpressionError, evaluateCondition } from "./expression.ts";

const parameters = {
  x: "5",
  name: "a",
  empty: "",
  yes: "true",
  padded: "007",
  quote: 'a"b',
  "with-dash": "1",
};

describe("a condition", () => {
  test.each([
    [`\${x} > 1`, true],
    [`\${x} > 5`, false],
    [`\${x} >= 5 && \${x} <= 5`, true],
    [`\${x} < 1 || \${x} != 4`, true],
    [`\${name} == "a" && \${x} <= 3`, false],
    [`\${name} == "a" && \${x} <= 5`, true],
    [`"\${name}" == 'a'`, true],
    [`"\${name}-\${x}" == "a-5"`, true],
    [`\${quote} == 'a"b'`, true],
    [`\${empty} == ""`, true],
    [`\${yes}`, true],
    [`!\${yes}`, false],
    [`\${yes} == true`, true],
    [`\${yes} == "true"`, true],
    [`\${padded} == "007"`, true],
    [`\${x} == "5"`, true],
    [`(\${x} + 1) * 2 == 12 && \${x} % 2 == 1`, true],
    [`-\${x} < -4`, true],
    [`10 / 4 == 2.5`, true],
    [`"b" > "a"`, true],
    [`!(\${x} == 5)`, false],
    [`\${with-dash} === 1`, true],
    [`false && \${missing} == 1`, false],
    [`true || 1 / 0 == 1`, true],
    ["1 < 2 == true", true],
  ])("%s is %s", (expression, expected) => {
    expect(evaluateCondition(expression, parameters)).toBe(expected);
  });
});

describe("what cannot be evaluated says why", () => {
  test.each([
    [`\${missing} == 1`, "there is no parameter missing"],
    [`x > 1`, /x is not known/],
    [`$0 > 1`, /\$0 is not known/],
    [`\${x} >`, /expression/i],
    ["", /no condition/],
    ["1; 2", /no condition/],
    [`\${x}`, "5 is neither true nor false"],
    [`\${x} && true`, "5 is neither true nor false"],
    [`\${name} > 1`, /cannot be compared/],
    [`\${name} - 1 == 0`, /cannot be calculated/],
    [`1 / 0 == 1`, "a division by zero"],
    [`process.exit(1)`, /no condition/],
    [`this == 1`, /no condition/],
    [`[1] == 1`, /no condition/],
    [`null == 1`, /null/],
    [`1 & 1 == 1`, /operator & is not known/],
    [`\${__proto__} == 1`, "there is no parameter __proto__"],
    [`\${constructor} == 1`, "there is no parameter constructor"],
  ])("%s", (expression, message) => {
    expect(() => evaluateCondition(expression, parameters)).toThrow(message);
    expect(() => evaluateCondition(expression, parameters)).toThrow(ExpressionError);
  });

  test("also one that is too long, or too deep", () => {
    expect(() => evaluateCondition("(".repeat(5000), parameters)).toThrow("longer than 4000");
    expect(() => evaluateCondition("(".repeat(3900), parameters)).toThrow(ExpressionError);
    expect(() => evaluateCondition(`${"!".repeat(3900)}true`, parameters)).not.toThrow(TypeError);
  });
});
