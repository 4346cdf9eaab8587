/** Work that nobody asks for: what a crash left half-done, and blobs that no version names. */
import type { Closers } from './closers.ts';
import type { Services } from '../services.ts';
import { sweepBlobs } from '../../registry/blobs/index.ts';

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
  inBackground('sweep', sweep);
  const timer = setInterval(() => inBackground('sweep', sweep), SWEEP_INTERVAL_MS).unref();
  closers.add('chores', timer, clearInterval);
}
