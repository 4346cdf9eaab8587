/** Keeps groups and their members on all platforms as the records say. */
import type { Event, Host, Json, Plugin } from 'souk/sdk';
import { isDenied } from '../../platform-kit/errors.ts';
import { keepLink } from './memory.ts';
import { sync, type Wish } from './sync.ts';

/** Changes come in bursts: those of one organization within this time make one sync, which begins after it. */
const BURST_MS = 2_000;

/** A change is worth a sync of its organization, or of all where the event does not say which. */
async function enqueueSync({ data }: Event, host: Host): Promise<void> {
  const { organization } = { ...(data as { organization?: Json } | null) };
  const wish: { organization?: string } = typeof organization === 'string' ? { organization } : {};
  const key = `pending/${(wish.organization ?? '').slice(0, 120)}`;
  try {
    if (!(await isFirstOfBurst(key, host))) return;
    await host.jobs.enqueue('sync', wish, { delayMs: BURST_MS });
  } catch (error) {
    if (!isDenied(error)) throw error;
    host.log.warn('waits for its schedule:', error.message);
  }
}

/** Without the grant of `kv` each change makes a sync of its own. */
async function isFirstOfBurst(key: string, { kv }: Host): Promise<boolean> {
  try {
    return (await kv.compareAndSet(key, 0, true, { ttlMs: BURST_MS })).stored;
  } catch (error) {
    if (isDenied(error)) return true;
    throw error;
  }
}

export default {
  commands: {
    sync: (args, host) => sync(args as Wish, host),
    async link(args, host) {
      const { platform, email, id } = args as Record<string, string>;
      await keepLink(host, String(platform), String(email), String(id));
      return { platform: String(platform), email: String(email), id: id === '' ? null : String(id) };
    },
  },
  schedules: {
    async sync(_tick, host) {
      const { organizations, changes, failures } = await sync({}, host);
      host.log.info(`${organizations} organizations, ${changes.length} changes, ${failures.length} failures`);
      return { organizations, changes: changes.length, failures: failures.length };
    },
  },
  events: { 'member.*': enqueueSync, 'organization.*': enqueueSync },
  async health(host) {
    const { items } = await host.records.list({ type: 'organization', limit: 1 });
    return {
      ok: true,
      message: items.length === 0 ? 'there are no organizations yet' : 'records can be read',
    };
  },
} satisfies Plugin;
