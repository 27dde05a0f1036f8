import { describe, expect, test } from "@jest/globals";
import type { DispatchRequest } from "../rpc/index.ts";
import { DeliveryBook, OtherLifeError, StaleOwnerError } from "./delivery-book.ts";

const OPEN = { inSession: true, stopping: false, taskSlots: 2 };

function request(changes: Partial<DispatchRequest> = {}): DispatchRequest {
  return {
    taskInstanceId: 1,
    dispatchNo: 1,
    workflowInstanceId: 7,
    ownerAddress: "m:1",
    ownerIncarnation: "m1",
    ownerEpoch: 3,
    workerIncarnation: "w1",
    taskName: "a",
    taskType: "SHELL",
    script: "true",
    environment: {},
    environmentConfig: "",
    ...changes,
  };
}

const refused = (reason: string) => ({ answer: { accepted: false, reason } });

describe("a worker's book of deliveries", () => {
  test("accepts a delivery once, and answers alike when it is asked again", () => {
    const book = new DeliveryBook("w1");
    const first = book.dispatch(request(), OPEN);
    expect(first).toMatchObject({ answer: { accepted: true }, fresh: { key: "1-1", state: "STARTING" } });
    expect(book.dispatch(request(), OPEN)).toEqual({ answer: { accepted: true } });
    const closed = { ...OPEN, inSession: false, stopping: true };
    expect(book.dispatch(request({ ownerEpoch: 1 }), closed)).toEqual({ answer: { accepted: true } });
    if (first.fresh !== undefined) book.finish(first.fresh);
    expect(book.dispatch(request(), OPEN)).toEqual({ answer: { accepted: true } });
    expect(book.liveCount).toBe(0);
  });

  test("takes a further delivery of the same attempt for another one", () => {
    const book = new DeliveryBook("w1");
    book.dispatch(request(), OPEN);
    expect(book.dispatch(request({ dispatchNo: 2 }), OPEN).fresh).toBeDefined();
  });

  test("refuses what is meant for another life, without burying it", () => {
    const book = new DeliveryBook("w1");
    expect(book.dispatch(request({ workerIncarnation: "w0" }), OPEN)).toEqual(refused("OTHER_INCARNATION"));
    expect(book.dispatch(request(), OPEN).fresh).toBeDefined();
  });

  test.each([
    ["NOT_IN_SESSION", { ...OPEN, inSession: false }],
    ["STOPPING", { ...OPEN, stopping: true }],
    ["NO_SLOT", { ...OPEN, taskSlots: 0 }],
  ])("buries what it refuses as %s: it will never run", (reason, admission) => {
    const book = new DeliveryBook("w1");
    expect(book.dispatch(request(), admission)).toEqual(refused(reason));
    expect(book.dispatch(request(), OPEN)).toEqual(refused(reason));
    expect(book.dispatch(request({ dispatchNo: 2 }), OPEN).fresh).toBeDefined();
  });

  test("refuses, buries and does nothing for a former owner", () => {
    const book = new DeliveryBook("w1");
    book.dispatch(request({ taskInstanceId: 9, ownerEpoch: 4 }), OPEN);
    expect(book.dispatch(request({ ownerEpoch: 3 }), OPEN)).toEqual(refused("STALE_EPOCH"));
    expect(book.dispatch(request({ ownerEpoch: 5 }), OPEN)).toEqual(refused("STALE_EPOCH"));
    expect(
      book.dispatch(request({ taskInstanceId: 2, workflowInstanceId: 8, ownerEpoch: 1 }), OPEN).fresh,
    ).toBeDefined();
    expect(book.resolve(request({ taskInstanceId: 9, ownerEpoch: 4 })).answer).toEqual({
      state: "REFUSED",
      reason: "STALE_EPOCH",
    });
    expect(() => book.kill(request({ taskInstanceId: 9, ownerEpoch: 4 }))).toThrow(StaleOwnerError);
    expect(book.find("9-1")?.killRequested).toBe(false);
  });

  test("buries what it is asked about and never saw", () => {
    const book = new DeliveryBook("w1");
    expect(book.resolve(request()).answer).toEqual({ state: "UNKNOWN" });
    expect(book.dispatch(request(), OPEN)).toEqual(refused("TOMBSTONED"));
    expect(book.kill(request({ taskInstanceId: 2 }))).toBeUndefined();
    expect(book.dispatch(request({ taskInstanceId: 2 }), OPEN)).toEqual(refused("TOMBSTONED"));
  });

  test("does not answer a kill for another life of the address", () => {
    const book = new DeliveryBook("w1");
    book.dispatch(request(), OPEN);
    expect(() => book.kill(request({ workerIncarnation: "w0" }))).toThrow(OtherLifeError);
    expect(book.find("1-1")?.killRequested).toBe(false);
  });

  test("tells a new owner what became of a delivery, and reports to it from then on", () => {
    const book = new DeliveryBook("w1");
    const { fresh } = book.dispatch(request(), OPEN);
    const takeOver = request({ ownerEpoch: 5, ownerAddress: "m:2", ownerIncarnation: "m2" });
    expect(book.resolve(takeOver)).toMatchObject({
      answer: { state: "RUNNING" },
      delivery: { ownerAddress: "m:2" },
    });
    if (fresh !== undefined) book.finish(fresh);
    expect(book.resolve(takeOver).answer).toEqual({ state: "FINISHED" });
    expect(book.resolve({ ...takeOver, workerIncarnation: "w0" }).answer).toMatchObject({
      reason: "OTHER_INCARNATION",
    });
  });
});
