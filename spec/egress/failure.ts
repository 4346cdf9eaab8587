/** Why a request could not be made: one sentence for the guest, the reason for the operator. */
import { Refusal } from '../refusal.ts';

export const EGRESS_FAILURES = [
  'blocked',
  'unresolvable',
  'unreachable',
  'timeout',
  'redirect',
  'broken',
] as const;
export type EgressFailure = (typeof EGRESS_FAILURES)[number];

/**
 * The same text for every reason: what a plugin may not reach, what does not exist and what does not answer look
 * alike, so that the inner network cannot be mapped through us. Nothing is connected to before it is judged, so the
 * time that a refusal takes tells nothing about what listens there.
 */
const DETAIL = 'The request could not be made, or was not answered.';

/** Kept beside the refusal and not in it: whatever a refusal carries may reach the guest. */
const reasons = new WeakMap<Refusal, EgressFailure>();

export function egressFailed(reason: EgressFailure): Refusal {
  const refusal = new Refusal('egress_failed', { detail: DETAIL });
  reasons.set(refusal, reason);
  return refusal;
}

/** @returns the reason of a refusal that `egressFailed` made */
export function reasonOf(error: unknown): EgressFailure | undefined {
  return error instanceof Refusal ? reasons.get(error) : undefined;
}

/** Turns whatever the HTTP client threw into a refusal; its own texts name addresses and ports. */
export function toEgressRefusal(error: unknown, signal: AbortSignal): Refusal {
  for (let cause: unknown = error; cause instanceof Error; cause = cause.cause) {
    if (cause instanceof Refusal) return cause;
    if (isTimeout(cause)) return egressFailed('timeout');
    if (isUnreachable(cause)) return egressFailed('unreachable');
  }
  return egressFailed(signal.aborted ? 'timeout' : 'broken');
}

function isTimeout(error: Error): boolean {
  const { code } = error as { code?: unknown };
  return error.name === 'TimeoutError' || (typeof code === 'string' && /TIMEOUT|TIMEDOUT/u.test(code));
}

function isUnreachable(error: Error): boolean {
  const { code } = error as { code?: unknown };
  return (
    error instanceof AggregateError ||
    (typeof code === 'string' && /^E(?:CONNREFUSED|HOSTUNREACH|NETUNREACH|ADDRNOTAVAIL)$/u.test(code))
  );
}
