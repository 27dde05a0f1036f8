import { randomBytes, randomUUID } from "node:crypto";

/** Where randomness comes from: seeded in tests and in the harness, the system's own in a real node. */
export interface Random {
  /** A number in [0, 1). */
  next(): number;
  /** A whole number in [0, bound). */
  below(bound: number): number;
  /** A new identifier in the form of a uuid. */
  uuid(): string;
}

/** The system's own randomness. */
export function createSystemRandom(): Random {
  const next = (): number => randomBytes(4).readUInt32LE() / 2 ** 32;
  return { next, below: (bound) => Math.floor(next() * bound), uuid: () => randomUUID() };
}

/** The same sequence for the same seed (mulberry32: small, and good enough to choose moments and targets with). */
export function createSeededRandom(seed: number): Random {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = state;
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const hex = (digits: number): string =>
    Array.from({ length: digits }, () => Math.floor(next() * 16).toString(16)).join("");
  return {
    next,
    below: (bound) => Math.floor(next() * bound),
    uuid: () => `${hex(8)}-${hex(4)}-4${hex(3)}-8${hex(3)}-${hex(12)}`,
  };
}
