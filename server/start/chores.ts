/** Work that nobody asks for: what a crash left half-done, blobs that no version names, answers that nobody can ask for. */
import type { Closers } from './closers.ts';
import type { Services } from '../services.ts';
import { sweepBlobs } from '../../registry/blobs/index.ts';
import { sweepKeys } from '../../registry/idempotency/index.ts';

/** Uploads in progress are younger than this. */
const ORPHAN_GRACE_MS = 60 * 60_000;
const SWEEP_INTERVAL_MS = 60 * 60_000;

export function startChores({ log, installations, database, blobs }: Services, closers: Closers): void {
  const inBackground = (chore: string, work: () => Promise<unknown>): void => {
    void work().then(
      (result) => log.debug({ chore, result }, 'chore done'),
      (error: unknown) => log.warn({ err: error, chore }, 'chore failed'),
    );
  };
  const sweep = (): Promise<unknown> =>
    sweepBlobs({ database, blobs, graceMs: ORPHAN_GRACE_MS, now: new Date() });
  inBackground('reconcile', () => installations.reconcile());
  const recur = (): void => {
    inBackground('sweep', sweep);
    inBackground('forget answers', () => sweepKeys(database, new Date()));
  };
  const timer = setInterval(recur, SWEEP_INTERVAL_MS).unref();
  recur();
  closers.add('chores', timer, clearInterval);
}
