/**
 * The two ways in which Souk says no. Nothing outside tests throws a plain `Error`.
 *
 * A `Refusal` is the caller's to mend: broken evidence, a policy, a limit, a state. It carries a stable code of
 * `error-codes.ts`, what was found, and how to mend it. A `Fault` is ours: its text goes to the log and never to
 * a caller.
 */
import { ERROR_CODES, type ErrorCode, type ErrorCodeEntry } from './error-codes.ts';
import type { JsonValue } from './json.ts';

/** One violation among several that a refusal reports at once. */
export type Violation = {
  /** JSON pointer (RFC 6901) into the document, or the name of an archive entry. */
  readonly pointer: string;
  /** What was found and which rule it broke, as one sentence. */
  readonly message: string;
  /** How to mend it, where that can be said. */
  readonly hint?: string;
};

export type RefusalDetails = {
  /** What was found, for the person who sent it. Never a path of ours, a stack, or another tenant's data. */
  readonly detail: string;
  /** How to mend it; the table's own hint where absent. */
  readonly hint?: string;
  readonly violations?: readonly Violation[];
  /** Further members of the problem document (RFC 9457, section 3.2). */
  readonly extensions?: Readonly<Record<string, JsonValue>>;
  readonly cause?: unknown;
};

export class Refusal extends Error {
  override readonly name = 'Refusal';
  readonly code: ErrorCode;
  readonly hint: string;
  readonly violations: readonly Violation[];
  readonly extensions: Readonly<Record<string, JsonValue>>;

  constructor(code: ErrorCode, details: RefusalDetails) {
    super(clip(details.detail, DETAIL_CHARS_MAX), { cause: details.cause });
    this.code = code;
    this.hint = details.hint ?? ERROR_CODES[code].hint;
    this.violations = (details.violations ?? []).map(clipViolation);
    this.extensions = details.extensions ?? {};
  }

  get entry(): ErrorCodeEntry {
    return ERROR_CODES[this.code];
  }
}

/** An explanation of the resolver is the longest of them. */
const DETAIL_CHARS_MAX = 16_384;
const VIOLATION_CHARS_MAX = 500;

/** Names in what somebody sent may be as long as all of it, and each violation below them repeats them. */
function clipViolation({ pointer, message, ...rest }: Violation): Violation {
  return {
    pointer: clip(pointer, VIOLATION_CHARS_MAX),
    message: clip(message, VIOLATION_CHARS_MAX),
    ...rest,
  };
}

function clip(text: string, charsMax: number): string {
  return text.length > charsMax ? `${text.slice(0, charsMax)}…`.toWellFormed() : text;
}

/** A fault of ours: a broken invariant or a part that failed. */
export class Fault extends Error {
  override readonly name = 'Fault';
}
