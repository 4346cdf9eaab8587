/** What becomes of a row, and how a batch of rows is summed up. */
import { RECORD_LIMITS } from '../limits.ts';
import type { Violation } from '../refusal.ts';

export type Verdict =
  | { readonly outcome: 'accepted' | 'merged'; readonly recordId: string }
  | {
      readonly outcome: 'unchanged';
      /** Null where an equal row already waits for a person. */
      readonly recordId: string | null;
      readonly reasons: readonly Violation[];
    }
  | { readonly outcome: 'rejected'; readonly reasons: readonly Violation[] }
  | {
      readonly outcome: 'held';
      readonly reasons: readonly Violation[];
      /** Records that it may be. */
      readonly candidates: readonly string[];
      readonly proposalHash: string;
    };

export type Outcome = Verdict['outcome'];
export type Counts = Readonly<Record<Outcome, number>>;

export function countsOf(outcomes: readonly Outcome[]): Counts {
  const counts = { accepted: 0, merged: 0, unchanged: 0, rejected: 0, held: 0 };
  for (const outcome of outcomes) counts[outcome] += 1;
  return counts;
}

export function recordOf(verdict: Verdict): string | null {
  return 'recordId' in verdict ? verdict.recordId : null;
}

/** What a stranger wrote may be in them, as PostgreSQL stores it and a person can read it. */
export function reasonsOf(verdict: Verdict): Violation[] {
  const reasons = 'reasons' in verdict ? verdict.reasons : [];
  return reasons.slice(0, RECORD_LIMITS.reasonsPerRowMax).map(({ pointer, message }) => ({
    pointer: storable(pointer),
    message: storable(message),
  }));
}

function storable(text: string): string {
  return text.slice(0, RECORD_LIMITS.reasonCharsMax).toWellFormed().replaceAll('\0', '\uFFFD');
}
