import { countersKept } from "./counters-kept.ts";
import { everythingEnds } from "./everything-ends.ts";
import { finalIsFinal } from "./final-is-final.ts";
import { finishedStays } from "./finished-stays.ts";
import type { Invariant } from "./invariant.ts";
import { liveNotRerun } from "./live-not-rerun.ts";
import { noFalseDeath } from "./no-false-death.ts";
import { noFencedWrite } from "./no-fenced-write.ts";
import { noOverlap } from "./no-overlap.ts";
import { nothingLeft } from "./nothing-left.ts";
import { oneChild } from "./one-child.ts";
import { oneOwner } from "./one-owner.ts";
import { oneValidAttempt } from "./one-valid-attempt.ts";
import { orderKept } from "./order-kept.ts";
import { ordersKept } from "./orders-kept.ts";
import { recoveredOnce } from "./recovered-once.ts";
import { serialKept } from "./serial-kept.ts";
import { sessionBound } from "./session-bound.ts";
import { slotsKept } from "./slots-kept.ts";
import { statesAgree } from "./states-agree.ts";

export { wasTouched } from "./lives.ts";

/** All of them, in the order in which CASE-FORMAT names them. */
export const INVARIANTS: readonly Invariant[] = [
  oneValidAttempt,
  oneOwner,
  noOverlap,
  finishedStays,
  liveNotRerun,
  noFencedWrite,
  noFalseDeath,
  recoveredOnce,
  orderKept,
  finalIsFinal,
  statesAgree,
  everythingEnds,
  countersKept,
  ordersKept,
  serialKept,
  slotsKept,
  oneChild,
  sessionBound,
  nothingLeft,
];
