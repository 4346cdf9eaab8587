/** What becomes of a job by how its run ended. */
import type { JsonValue } from '../json.ts';
import { JOB_LIMITS } from '../limits.ts';
import { Refusal } from '../refusal.ts';
import type { HandlerEnd } from '../run.ts';
import type { JobFailure } from './jobs.ts';

/**
 * What is done when the server or the runner ends while a job is at work, so that nobody knows how far it came:
 * it fails (it is done at most once), or it is begun again (at least once).
 */
export type RetryPolicy = 'never' | 'interrupted';

/** How one attempt ended. */
export type AttemptEnd =
  | { readonly kind: 'succeeded'; readonly result: JsonValue }
  | { readonly kind: 'failed'; readonly failure: JobFailure }
  | { readonly kind: 'canceled' }
  /** It never started: nobody was there to run it. */
  | { readonly kind: 'notStarted' }
  /** Nobody knows how far it came. */
  | { readonly kind: 'interrupted'; readonly failure: JobFailure };

/** What is written down. */
export type Verdict =
  | Extract<AttemptEnd, { kind: 'succeeded' | 'failed' | 'canceled' }>
  | { readonly kind: 'queued' };

export type Attempt = { readonly retry: RetryPolicy; readonly attempt: number };

/** The one place that decides whether something is done again. */
export function verdictOf(end: AttemptEnd, { retry, attempt }: Attempt): Verdict {
  switch (end.kind) {
    case 'succeeded':
    case 'failed':
    case 'canceled':
      return end;
    case 'notStarted':
      return { kind: 'queued' };
    case 'interrupted':
      return retry === 'interrupted' && attempt < JOB_LIMITS.attemptsMax
        ? { kind: 'queued' }
        : { kind: 'failed', failure: end.failure };
  }
}

/** @param why whether somebody wanted it to end, or the server is stopping */
export function endOfRun(end: HandlerEnd, why: 'none' | 'canceled' | 'stopping'): AttemptEnd {
  if (end.outcome === 'ok') return { kind: 'succeeded', result: end.value };
  if (why === 'canceled') return { kind: 'canceled' };
  if (why === 'stopping') return { kind: 'interrupted', failure: SERVER_STOPPED };
  const failure: JobFailure = {
    code: end.guestError?.code ?? end.outcome,
    message: end.guestError?.message ?? end.reason,
    outcome: end.outcome,
  };
  switch (end.outcome) {
    case 'loadShed':
      return { kind: 'notStarted' };
    case 'runnerDied':
      return { kind: 'interrupted', failure };
    default:
      return { kind: 'failed', failure };
  }
}

/** For what was thrown; a fault tells people nothing. */
export function endOfError(error: unknown, why: 'none' | 'canceled' | 'stopping'): AttemptEnd {
  if (why === 'canceled') return { kind: 'canceled' };
  if (why === 'stopping') return { kind: 'interrupted', failure: SERVER_STOPPED };
  if (error instanceof Refusal) {
    const failure: JobFailure = { code: error.code, message: error.message, outcome: null };
    return error.code === 'database_unavailable'
      ? { kind: 'interrupted', failure }
      : { kind: 'failed', failure };
  }
  return {
    kind: 'failed',
    failure: { code: 'internal_error', message: 'Souk failed.', outcome: 'internalError' },
  };
}

const SERVER_STOPPED: JobFailure = {
  code: 'job_interrupted',
  message: 'The server that worked on it was stopped.',
  outcome: 'canceled',
};

/** What waited for its time is not done for somebody who was demoted or has left meanwhile. */
export const CALLER_LOST_ROLE: AttemptEnd = {
  kind: 'failed',
  failure: {
    code: 'job_caller_lost_role',
    message: 'Whoever wanted the job has no longer the role that he had then.',
    outcome: 'denied',
  },
};

/** A job that is found at work, but not with who should be at it. */
export const SERVER_LOST: AttemptEnd = {
  kind: 'interrupted',
  failure: {
    code: 'job_interrupted',
    message: 'The server that worked on it was lost. It is not known how far it came.',
    outcome: 'runnerDied',
  },
};
