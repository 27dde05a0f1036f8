import { describe, expect, test } from "@jest/globals";
import { ManualClock } from "./contract/manual-clock.ts";
import type { SessionState } from "./registry.ts";
import { SessionLease } from "./session-lease.ts";

const T = 1000;

function createLease(): { clock: ManualClock; lease: SessionLease; states: SessionState[] } {
  const clock = new ManualClock();
  const lease = new SessionLease({ clock, timeoutMs: T, sentMs: clock.monotonicMs() });
  const states: SessionState[] = [];
  lease.onState((state) => states.push(state));
  return { clock, lease, states };
}

describe("session lease", () => {
  test("reaches to the send time + T * (1 - 0.001) - T / 10", () => {
    const { clock, lease } = createLease();
    expect(lease.leaseDeadlineMs).toBeCloseTo(clock.monotonicMs() + 899, 6);
    const sentMs = clock.monotonicMs() + 100;
    clock.advance(150);
    lease.renewed(sentMs);
    expect(lease.leaseDeadlineMs).toBeCloseTo(sentMs + 899, 6);
  });

  test("never goes back, whichever answer comes first, and tells only when it moved", () => {
    const { clock, lease } = createLease();
    const told: number[] = [];
    lease.onLease((deadlineMs) => told.push(deadlineMs));
    clock.advance(200);
    lease.renewed(clock.monotonicMs());
    lease.renewed(clock.monotonicMs() - 50);
    expect(told).toEqual([lease.leaseDeadlineMs]);
    expect(lease.leaseDeadlineMs).toBeCloseTo(clock.monotonicMs() + 899, 6);
  });

  test("is SUSPENDED after 2 T / 5 without an answer, and LOST at its deadline", () => {
    const { clock, lease, states } = createLease();
    clock.advance(399);
    expect(lease.state).toBe("CONNECTED");
    clock.advance(1);
    expect(states).toEqual(["SUSPENDED"]);
    clock.advance(498);
    expect(lease.state).toBe("SUSPENDED");
    clock.advance(2);
    expect(states).toEqual(["SUSPENDED", "LOST"]);
    expect(clock.timers).toBe(0);
  });

  test("comes back with an answer in time, and not with one that is too late", () => {
    const { clock, lease, states } = createLease();
    lease.connectionDown();
    clock.advance(500);
    lease.renewed(clock.monotonicMs() - 5);
    expect(states).toEqual(["SUSPENDED", "CONNECTED"]);
    clock.stall(900);
    const deadlineMs = lease.leaseDeadlineMs;
    lease.renewed(clock.monotonicMs());
    expect(states).toEqual(["SUSPENDED", "CONNECTED", "LOST"]);
    expect(lease.leaseDeadlineMs).toBe(deadlineMs);
  });

  test("says LOST when asked after the process stood still, before any timer ran", () => {
    const { clock, lease, states } = createLease();
    clock.stall(900);
    expect(lease.state).toBe("LOST");
    expect(states).toEqual([]);
    clock.advance(0);
    expect(states).toEqual(["LOST"]);
  });

  test("is LOST at once when the registry says so, and stays LOST when closed", () => {
    const { clock, lease, states } = createLease();
    lease.lose();
    lease.close();
    lease.renewed(clock.monotonicMs());
    expect(states).toEqual(["LOST"]);
    expect(lease.state).toBe("LOST");
  });

  test("a listener that throws does not keep the next from hearing", () => {
    const clock = new ManualClock();
    const lease = new SessionLease({ clock, timeoutMs: T, sentMs: clock.monotonicMs() });
    const states: SessionState[] = [];
    lease.onState(() => {
      throw new Error("on purpose: a listener of a test");
    });
    const stop = lease.onState((state) => states.push(state));
    lease.connectionDown();
    stop();
    lease.close();
    expect(states).toEqual(["SUSPENDED"]);
  });
});
