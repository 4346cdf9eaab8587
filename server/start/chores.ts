/** Work that nobody asks for: steps that a server left half-done, and what nobody can ask for any more. */
import type { Closers } from './closers.ts';
import type { Services } from '../services.ts';
import { sweepBlobs } from '../../registry/blobs/index.ts';
import { sweepKeys } from '../../registry/idempotency/index.ts';
import { createKeyValueStore } from '../../services/index.ts';

/** Uploads in progress are younger than this. */
const ORPHAN_GRACE_MS = 60 * 60_000;
const SWEEP_INTERVAL_MS = 60 * 60_000;
/** A step that its server abandoned is over after its deadline; nobody should wait much longer. */
const RECONCILE_INTERVAL_MS = 5_000;

/** At hundreds of events a second their table stays small. */
const EVENT_SWEEP_INTERVAL_MS = 60_000;

type Chore = { readonly name: string; readonly everyMs: number; readonly work: () => Promise<unknown> };

/** Begins each chore at once, and again in its interval. */
export function startChores(services: Services, closers: Closers): void {
  for (const chore of choresOf(services)) closers.add(chore.name, repeat(services, chore), clearInterval);
}

function choresOf({
  files,
  imports,
  installations,
  database,
  blobs,
  events,
  jobs,
  secrets,
  telemetry,
  mail,
}: Services): Chore[] {
  const values = createKeyValueStore(database);
  const now = (): Date => new Date();
  return [
    { name: 'reconcile', everyMs: RECONCILE_INTERVAL_MS, work: () => installations.reconcile() },
    { name: 'end of lost imports', everyMs: RECONCILE_INTERVAL_MS, work: () => imports.settle() },
    {
      name: 'enforcing of revocations',
      everyMs: RECONCILE_INTERVAL_MS,
      work: () => installations.enforceRevocations(),
    },
    {
      name: 'sweep of packages',
      everyMs: SWEEP_INTERVAL_MS,
      work: () => sweepBlobs({ database, blobs, graceMs: ORPHAN_GRACE_MS, now: now() }),
    },
    { name: 'sweep of events', everyMs: SWEEP_INTERVAL_MS, work: () => installations.forgetEvents() },
    { name: 'sweep of answers', everyMs: SWEEP_INTERVAL_MS, work: () => sweepKeys(database, now()) },
    { name: 'sweep of files', everyMs: SWEEP_INTERVAL_MS, work: () => sweepAll(() => files.sweep()) },
    { name: 'sweep of values', everyMs: SWEEP_INTERVAL_MS, work: () => sweepAll(() => values.sweep()) },
    { name: 'sweep of logs', everyMs: SWEEP_INTERVAL_MS, work: () => telemetry.forget() },
    { name: 'announcing of changes', everyMs: RECONCILE_INTERVAL_MS, work: () => events.announce() },
    {
      name: 'sweep of heard events',
      everyMs: EVENT_SWEEP_INTERVAL_MS,
      work: () => sweepAll(() => events.forget()),
    },
    { name: 'sweep of jobs', everyMs: SWEEP_INTERVAL_MS, work: () => sweepAll(() => jobs.forget()) },
    { name: 'rewrap of secrets', everyMs: SWEEP_INTERVAL_MS, work: () => secrets.rewrap() },
    { name: 'rewrap of mail passwords', everyMs: SWEEP_INTERVAL_MS, work: () => mail.rewrap() },
    { name: 'sweep of mail counts', everyMs: SWEEP_INTERVAL_MS, work: () => mail.sweep() },
  ];
}

async function sweepAll(sweep: () => Promise<number>): Promise<number> {
  let swept = 0;
  for (let more = await sweep(); more > 0; more = await sweep()) swept += more;
  return swept;
}

/** A round that is still at work is not begun a second time. */
function repeat({ log }: Services, { name, everyMs, work }: Chore): NodeJS.Timeout {
  let isAtWork = false;
  const round = async (): Promise<void> => {
    if (isAtWork) return;
    isAtWork = true;
    try {
      log.debug({ chore: name, result: await work() }, 'chore done');
    } catch (error) {
      log.warn({ err: error, chore: name }, 'chore failed');
    }
    isAtWork = false;
  };
  void round();
  return setInterval(() => void round(), everyMs).unref();
}
