import { expect, test } from "@jest/globals";
import { parseOutParameters } from "./out-parameters.ts";

test("OUT parameters are what a script printed as setValue, the last of a name", () => {
  const log =
    "hello\n${setValue(a=1)}\nand #{setValue(b=x=(y) z)} too ${setValue(a=2)}\n${setValue(broken)} ${set(c=1)}\n";
  expect(parseOutParameters(log)).toEqual({ a: "2", b: "x=(y) z" });
});
