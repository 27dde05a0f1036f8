import pc from "picocolors";

export type Colors = ReturnType<typeof pc.createColors>;

export interface ColorWish {
  /** `--no-color` was given. */
  readonly refused: boolean;
  readonly isTerminal: boolean;
  /** Value of NO_COLOR in the environment: anything but nothing refuses, https://no-color.org. */
  readonly noColor: string | undefined;
}

/** Whether to write in colour. */
export function wantsColor({ refused, isTerminal, noColor }: ColorWish): boolean {
  return isTerminal && !refused && (noColor === undefined || noColor === "");
}

export function createColors(enabled: boolean): Colors {
  return pc.createColors(enabled);
}
