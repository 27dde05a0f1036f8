/** A request to the HTTP API of a node, read: its form is not checked yet. */
export interface ApiRequest {
  readonly method: string;
  /** Decoded parts of the path after /api/, e.g. v1, instances, 7. */
  readonly path: readonly string[];
  readonly query: ReadonlyMap<string, string>;
  /** By name in small letters. */
  readonly headers: ReadonlyMap<string, string>;
  /** Undefined: no body. */
  readonly body: unknown;
}

export interface ApiReply {
  readonly status: number;
  readonly body: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Answers what people and their programs ask. Must not throw: a failure is an answer too. */
export type HttpApi = (request: ApiRequest) => Promise<ApiReply>;
