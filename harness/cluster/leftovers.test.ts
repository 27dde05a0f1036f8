import { type ChildProcess, spawn } from "node:child_process";
import { afterEach, expect, test } from "@jest/globals";
import { createSystemClock, waitUntil } from "../../src/base/index.ts";
import { clearLeftovers, processesWith } from "./leftovers.ts";

const clock = createSystemClock();
const mark = { name: "LEFTOVER_TEST", value: `of ${process.pid}` };
const children: ChildProcess[] = [];

afterEach(() => {
  for (const child of children.splice(0)) child.kill("SIGKILL");
});

/** A marked process that lives so long; its child inherits the mark, as a task's shell does. */
async function startMarked(seconds: number): Promise<ChildProcess> {
  const child = spawn("sh", ["-c", `sleep ${seconds} & wait`], {
    env: { [mark.name]: mark.value, PATH: process.env.PATH },
  });
  children.push(child);
  await waitUntil({
    clock,
    until: () => processesWith(mark.name, mark.value).length === 2 || undefined,
    withinMs: 2000,
    describe: "the shell and its child",
  });
  return child;
}

test("waits for those that go by themselves", async () => {
  await startMarked(0.2);
  expect(await clearLeftovers({ ...mark, clock, graceMs: 5000 })).toEqual([]);
  expect(processesWith(mark.name, mark.value)).toEqual([]);
});

test("kills those that stay, children that inherited the mark too", async () => {
  const shell = await startMarked(60);
  const killed = await clearLeftovers({ ...mark, clock, graceMs: 50 });
  expect(killed).toHaveLength(2);
  expect(killed).toContain(shell.pid);
  expect(processesWith(mark.name, mark.value)).toEqual([]);
});
