import { InvalidArgumentError } from "commander";
import type { RegistryKind, Tier } from "../environment/index.ts";

/** Options of `failover run` as commander gives them. */
export interface RunOptions {
  readonly env: Tier | "auto";
  readonly registry?: RegistryKind;
  readonly tag?: readonly string[];
  readonly filter?: string;
  readonly jobs: number;
  readonly repeat: number;
  readonly bail: boolean;
  readonly junit?: string;
  readonly keep: boolean;
  readonly verbose: boolean;
  readonly color: boolean;
  readonly seed?: number;
}

/** A whole number of at least one. */
export function positiveNumber(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 1)
    throw new InvalidArgumentError("It must be a whole number from 1.");
  return value;
}

/** A seed as it is printed: a whole number of 32 bits. */
export function seedNumber(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 0 || value > 0xffff_ffff) {
    throw new InvalidArgumentError("It must be a whole number from 0 to 4294967295.");
  }
  return value;
}

/** Collects an option that may be given several times, each with one value or a comma-separated list. */
export function collected(text: string, before: readonly string[] = []): readonly string[] {
  return [...before, ...text.split(",").filter((word) => word !== "")];
}
