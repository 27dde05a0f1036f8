import { describe, expect, test } from "@jest/globals";
import type { Member } from "./membership.ts";
import { slotOf } from "./slots.ts";
import { isGroupKnown, workerCandidates } from "./worker-candidates.ts";
import { parseAddressList } from "./worker-groups.ts";

function member(address: string, status: "NORMAL" | "BUSY" = "NORMAL", groups = ["default"]): Member {
  const worker = { weight: 50, groups, taskSlots: 4, tasks: 1 };
  const life = { incarnation: address, address, pid: 1, startupTime: 1, sessionNo: 1, status, worker };
  return { kind: "worker", address, incarnation: address, heartbeat: life };
}

const addresses = (
  members: readonly Member[],
  group: string,
  table = new Map<string, ReadonlySet<string>>(),
) => workerCandidates(members, group, table).map((candidate) => candidate.address);

describe("a worker group", () => {
  test("is everybody, or who says so, or who is in its row", () => {
    const members = [member("a:1"), member("b:1", "NORMAL", ["default", "gpu"]), member("c:1", "BUSY")];
    expect(addresses(members, "default")).toEqual(["a:1", "b:1"]);
    expect(addresses(members, "gpu")).toEqual(["b:1"]);
    const table = new Map([["gpu", parseAddressList(" a:1 ,, c:1")]]);
    expect(addresses(members, "gpu", table)).toEqual(["a:1", "b:1"]);
    // Whole addresses: a:1 is not a:11.
    expect(addresses([member("a:11")], "gpu", table)).toEqual([]);
  });

  test("is known by its row or by a worker, and unknown only when the rows were read", () => {
    const members = [member("b:1", "BUSY", ["default", "gpu"])];
    expect(isGroupKnown(members, "gpu", new Map())).toBe(true);
    expect(isGroupKnown(members, "empty", new Map([["empty", new Set<string>()]]))).toBe(true);
    expect(isGroupKnown(members, "gone", new Map())).toBe(false);
    expect(isGroupKnown(members, "gone", undefined)).toBe(true);
    expect(isGroupKnown([], "default", new Map())).toBe(true);
  });
});

describe("the slots of masters", () => {
  test("leave out who is BUSY, unless all are", () => {
    expect(slotOf([member("a:1", "BUSY"), member("b:1")], "b:1")).toEqual({ slot: 0, slots: 1 });
    expect(slotOf([member("a:1", "BUSY"), member("b:1")], "a:1")).toBeUndefined();
    expect(slotOf([member("a:1", "BUSY"), member("b:1", "BUSY")], "b:1")).toEqual({ slot: 1, slots: 2 });
    expect(slotOf([member("a:1")], "me")).toBeUndefined();
  });
});
