/** Requests that failed for a reason that their callers cannot mend, in the server's log. */
import type { ErrorCode } from '../../spec/error-codes.ts';
import type { Refusal } from '../../spec/refusal.ts';
import type { Logger } from '../log.ts';
import { boundedLines } from '../runtime/bounded-lines.ts';

export type LogFailed = (refusal: Refusal, requestId: string) => void;

/** No fault of ours, and the operator's to mend. Every request may fail so for as long as it lasts. */
const OPERATORS: ReadonlySet<ErrorCode> = new Set([
  'database_unavailable',
  'storage_full',
  'storage_unavailable',
]);

export function failedRequests(log: Logger): LogFailed {
  const warn = boundedLines(log, 'warn');
  return (refusal, requestId) => {
    const { code, entry, cause } = refusal;
    if (entry.kind === 'fault') log.error({ err: cause ?? refusal, requestId }, 'request failed');
    else if (OPERATORS.has(code)) warn(code, { err: refusal, requestId }, 'request failed');
  };
}
