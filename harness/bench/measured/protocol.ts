/** What a measured process is told at its start, as JSON in its first argument. */
export type Role =
  | {
      readonly role: "sweep";
      readonly url: string;
      readonly dead: string;
      readonly me: string;
      readonly batchSize: number;
    }
  | {
      /**
       * The claim loop of a master ("claim"), or DolphinScheduler's fetch by slot with one
       * transaction each ("slots").
       */
      readonly role: "claim" | "slots";
      readonly url: string;
      readonly me: string;
      readonly address: string;
      /** What this master believes. */
      readonly slot: number;
      readonly slots: number;
    };

/** What it says over its IPC channel. It begins when it is sent "go", and is over when it is sent "stop". */
export type Report =
  | { readonly kind: "ready" }
  /** So many more were claimed. */
  | { readonly kind: "claimed"; readonly count: number }
  | {
      readonly kind: "done";
      readonly ms: number;
      /** Highest resident size and heap in use, bytes. */
      readonly maxRss: number;
      readonly maxHeap: number;
    };
