import type { OperatorAnswer, RefusalCode } from "../model/index.ts";

/** A refusal: what is wrong, and what to do about it. */
export function refused(reason: string, code: RefusalCode = "CONFLICT", fix?: string): OperatorAnswer {
  return { accepted: false, reason, code, ...(fix === undefined ? {} : { fix }) };
}

/** Thrown where the answer can only be no: the transaction is rolled back and the request is refused. */
export class RefusedError extends Error {
  override readonly name = "RefusedError";
  readonly code: RefusalCode;
  readonly fix: string | undefined;

  constructor(code: RefusalCode, reason: string, fix?: string) {
    super(reason);
    this.code = code;
    this.fix = fix;
  }
}
