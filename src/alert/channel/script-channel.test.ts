import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { createSystemClock, waitUntil } from "../../base/index.ts";
import { createChannelRegistry } from "../channel-registry.ts";
import { builtInChannels } from "./index.ts";
import { MESSAGE, send } from "./test-receivers.ts";

const clock = createSystemClock();
const directory = mkdtempSync(path.join(tmpdir(), "script-channel-"));
const scripts = path.join(directory, "allowed");
const registry = createChannelRegistry(
  builtInChannels({
    clock,
    script: { directories: [scripts], environment: { PATH: process.env.PATH, DATABASE_PASSWORD: "hunter2" } },
  }),
);

function script(name: string, text: string): string {
  const file = path.join(scripts, name);
  writeFileSync(file, `#!/bin/sh\n${text}\n`, { mode: 0o755 });
  return file;
}

beforeAll(() => {
  mkdirSync(scripts);
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

describe("Script", () => {
  test("gets the alert as arguments and on standard input, and nothing of it is carried out", async () => {
    const out = path.join(directory, "out");
    const file = script("tell", `printf '%s\\n' "$@" > ${out}; cat >> ${out}; env >> ${out}`);
    await send(registry.open("Script", { path: file, userParams: "$(touch evil); `touch evil`" }));
    const told = readFileSync(out, "utf8");
    expect(told).toContain(
      `-p\n$(touch evil); \`touch evil\`\n-t\n${MESSAGE.title}\n-c\n${MESSAGE.content}\n`,
    );
    expect(told).toContain(`ALERT_KEY=${MESSAGE.key}`);
    expect(told).not.toContain("hunter2");
    expect(existsSync("evil") || existsSync("x")).toBe(false);
  });

  test("a script that fails is told with what it said", async () => {
    const file = script("fail", "echo no network >&2; exit 3");
    await expect(send(registry.open("Script", { path: file }))).rejects.toThrow("ended with 3: no network");
  });

  test("a script that hangs is killed with all that it started", async () => {
    const pidFile = path.join(directory, "pid");
    const file = script("hang", `sleep 60 & echo $! > ${pidFile}; wait`);
    await expect(send(registry.open("Script", { path: file }), 400)).rejects.toThrow(/was killed/);
    const pid = Number(readFileSync(pidFile, "utf8"));
    const isGone = (): true | undefined => {
      try {
        return /\) Z /.test(readFileSync(`/proc/${pid}/stat`, "utf8")) ? true : undefined;
      } catch {
        return true;
      }
    };
    await waitUntil({ clock, until: isGone, withinMs: 2000, describe: "the child to end" });
  });

  test("only what stands below an allowed directory is run, also through a link", () => {
    const outside = path.join(directory, "outside");
    writeFileSync(outside, "#!/bin/sh\n", { mode: 0o755 });
    symlinkSync(outside, path.join(scripts, "link"));
    for (const file of [outside, path.join(scripts, "link"), `${scripts}/../outside`, "/bin/true"])
      expect(() => registry.open("Script", { path: file })).toThrow("is not below");
    expect(() => registry.open("Script", { path: path.join(scripts, "absent") })).toThrow("cannot be found");
  });
});
