import { test } from "@jest/globals";
import { loadCases } from "./index.ts";
test("x", () => {
  for (const dir of (process.env.DIRS ?? "/tmp/case-loader/examples").split(":")) {
  const t = performance.now();
  const r = loadCases([dir]);
  console.log(performance.now()-t, r.cases.length, JSON.stringify(r.problems, null, 1), r.cases.map(c=>c.name+" "+c.combination+" "+c.unsupported.map(u=>u.reason).join(";")).join("\n"));
  if (process.env.DUMP) console.log(JSON.stringify(r.cases, null, 1));
  }
});
