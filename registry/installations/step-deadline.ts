import { RUN_LIMITS } from '../../spec/limits.ts';

/** Beyond the hook's own limit: loading, waiting in queues, and writing down how it ended. */
const GRACE_MS = 10_000;

/** @returns by when a step of one installation is done, or its server is gone */
export function stepDeadline(from: Date, hooks = 1): Date {
  return new Date(from.getTime() + hooks * RUN_LIMITS.lifecycle.wallTimeMsMax + GRACE_MS);
}
