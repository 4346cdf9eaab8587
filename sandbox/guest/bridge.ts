/**
 * The numbers by which the two halves of the bridge name what crosses it. Only strings and numbers cross.
 *
 * Guest to host goes through one synchronous callback `post(operation, run, …)`, host to guest through one function
 * `deliver(delivery, run, …)`, always under a timeout.
 */

/** Guest to host. */
export const POST = {
  /** (run, outcome 'ok' | 'exception' | 'exceededOutput', head JSON, body as binary string or undefined) */
  done: 1,
  /** (run, call, capability, arguments as JSON) */
  call: 2,
  /** (run or 0, level index, text) */
  log: 3,
  /** (0, timer, delay in ms) */
  setTimer: 4,
  /** (0, timer) */
  clearTimer: 5,
  /** (0, count) returns a binary string */
  randomBytes: 6,
  /** (0, call, operation, JSON) */
  crypto: 7,
  /** (0, '' or why the package cannot run) answers `adopt` */
  adopted: 8,
  /** (0, domain) returns it in lower-case ASCII, or nothing */
  domainToAscii: 9,
  /** (run, head JSON) begins an answer in pieces; returns how many may be sent */
  answerHead: 10,
  /** (run, piece as binary string) returns how many more may be sent */
  answerPiece: 11,
  /** (run, call) asks for the next piece of the body that came with the answer of the call; of the request where 0 */
  pull: 12,
  /** (run, call): its answer, or the rest of its body, is not wanted any more */
  drop: 13,
  /** (0, name) returns the text of a part of `bundle.ts` */
  part: 14,
} as const;

/** Host to guest. */
export const DELIVER = {
  /** (0, module namespace): the package has been evaluated; the one object that is ever handed over, of the guest's own. */
  adopt: 1,
  /** (0, JSON): identity, configuration and host services, for the runs that follow. */
  configure: 2,
  /** (run, trigger kind, head, body as binary string or undefined, flags: `RUN_FLAGS` of `protocol/kinds.ts`) */
  run: 3,
  /** (run, call, 0 answer | 1 error, JSON) */
  result: 4,
  /** (0, timer) */
  timer: 5,
  /** (run): answered elsewhere or too late; its host object is dead. */
  revoke: 6,
  /** (0, call, 0, JSON) answers `POST.crypto` */
  cryptoResult: 7,
  /** (run, pieces): so many more pieces of the answer may be sent now. */
  more: 8,
  /**
   * (run, index in `PIECE_CODES` of `protocol/kinds.ts`, call or 0, piece as binary string or an error as JSON) answers
   * `POST.pull`
   */
  piece: 9,
} as const;

/** What `configure` carries. */
export type GuestSettings = {
  readonly org: { readonly id: string; readonly slug: string };
  readonly plugin: { readonly id: string; readonly version: string };
  readonly configText: string;
  /** Host services by their dotted names, each with the names of its arguments in the order the guest passes them. */
  readonly services: readonly { readonly name: string; readonly parameters: readonly string[] }[];
  /** Largest body that is read whole. */
  readonly requestBytesMax: number;
  readonly responseBytesMax: number;
  readonly pieceBytesMax: number;
  readonly errorCharsMax: number;
  readonly logCharsMax: number;
  readonly callCharsMax: number;
  /** Where the named handlers stand that the default export must have. */
  readonly handlers: readonly (readonly string[])[];
};

/** What `run` carries as its head, in the form of `run-head.ts`. */
export type RunHead = {
  /** Who called, as JSON. */
  readonly callerText: string;
  readonly work: RequestHead | HandlerHead;
};

/** A request that triggers a run; its body travels apart. */
export type RequestHead = {
  readonly kind: 'request';
  readonly method: string;
  readonly url: string;
  /** Names and values, as JSON. */
  readonly headersText: string;
};

/** Everything else: a hook, or a named handler. A health test is neither. */
export type HandlerHead = {
  readonly kind: 'handler';
  readonly hook?: 'activate' | 'deactivate' | 'upgrade';
  readonly fromVersion?: string;
  /** Where the named handler stands, and what it is given. */
  readonly handler?: readonly string[];
  readonly input?: unknown;
};

/** The head of `POST.done`. */
export type AnswerHead = {
  readonly status?: number;
  readonly headers?: readonly (readonly [string, string])[];
  /** What a hook, health test or named handler answered. */
  readonly value?: unknown;
  readonly reason?: string;
  readonly message?: string;
  readonly stack?: string;
  readonly code?: string;
};

/** An error as it crosses from the host: data, without a stack. */
export type ErrorData = {
  readonly name: string;
  readonly message: string;
  readonly code: string;
  readonly permission?: string;
  /** Further members, under names of the host's choice. */
  readonly extensions?: Readonly<Record<string, unknown>>;
};
