/**
 * One line of the table of error codes.
 *
 * `kind` tells broken evidence (`input`, `evidence`) from a decision (`policy`), a state of the world (`state`), a
 * limit (`limit`), who the caller is (`access`) and a fault of ours (`fault`).
 */
export type ErrorCodeEntry = {
  readonly status: number;
  readonly kind: 'input' | 'evidence' | 'policy' | 'state' | 'limit' | 'access' | 'fault';
  /** The problem document's title: the rule that was broken, the same for every occurrence. */
  readonly title: string;
  /** How to mend it. */
  readonly hint: string;
  /** Where it passes by itself: when to try again (`Retry-After`, RFC 9110, section 10.2.3). */
  readonly retryAfterSeconds?: number;
};
