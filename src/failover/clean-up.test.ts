import { expect, test } from "@jest/globals";
import { createSeededRandom, createSystemClock } from "../base/index.ts";
import { REGISTRY_PATHS } from "../model/index.ts";
import type { RegistrySession } from "../registry/index.ts";
import { MemoryRegistry, MemoryRegistryServer } from "../registry/memory/index.ts";
import { forgetMarkers } from "./clean-up.ts";

const HOUR_MS = 3_600_000;
const nowMs = 1_700_000_000_000;

async function withSession(work: (session: RegistrySession) => Promise<void>): Promise<void> {
  const clock = createSystemClock();
  const server = new MemoryRegistryServer({ clock });
  const registry = new MemoryRegistry({ server, clock, random: createSeededRandom(1) });
  try {
    await work(await registry.open({ sessionTimeoutMs: 5000, withinMs: 1000 }));
  } finally {
    await registry.close();
    server.setMode("down");
  }
}

const put = (session: RegistrySession, name: string, value: string) =>
  session.put(`${REGISTRY_PATHS.failoverFinished}/${name}`, value, { ephemeral: false });
const at = (ms: number): string => JSON.stringify({ by: "somebody", at: ms });

test("notices go by age; one that does not tell its age stays", async () => {
  await withSession(async (session) => {
    await put(session, "old", at(nowMs - 2 * HOUR_MS));
    await put(session, "young", at(nowMs - HOUR_MS / 2));
    await put(session, "strange", "put there by hand");
    await forgetMarkers(session, { nowMs, retentionMs: HOUR_MS });
    expect([...(await session.children(REGISTRY_PATHS.failoverFinished))].toSorted()).toEqual([
      "strange",
      "young",
    ]);
  });
});

test("of a thousand restarts within the retention the newest hundred notices stay", async () => {
  await withSession(async (session) => {
    for (let n = 0; n < 1000; n += 1) await put(session, `n${n}`, at(nowMs - n));
    await forgetMarkers(session, { nowMs, retentionMs: HOUR_MS });
    const names = await session.children(REGISTRY_PATHS.failoverFinished);
    expect(names.length).toBe(100);
    expect(names).toContain("n0");
    expect(names).not.toContain("n100");
  });
});
