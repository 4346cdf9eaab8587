/**
 * Guests by organization and plugin, for the hot path. An entry is dropped by the notification of a change; while
 * notifications may be missed nothing is kept, so that every call asks the database.
 */
import type { Database } from '../../database/index.ts';
import type { PluginId } from '../../spec/plugin-id.ts';
import type { GuestDescription } from './guest.ts';

/** The payload is the organization's id, a space and the plugin's id; or `*` for all. */
export const CHANGES_CHANNEL = 'souk_installation_changed';

/** A description is a few kilobytes, besides the manifest's endpoints: at most some hundred MiB. */
const ENTRIES_MAX = 10_000;

export type GuestCache = {
  /**
   * @param load asks the database; its answer is kept unless the guest changed meanwhile
   * @returns what is kept at once: a call that has nothing to wait for is not made to wait
   */
  get(
    orgId: string,
    plugin: PluginId,
    load: () => Promise<GuestDescription | undefined>,
  ): GuestDescription | Promise<GuestDescription | undefined>;
  forget(orgId: string, plugin: PluginId): void;
  forgetAll(): void;
  close(): void;
};

type Entry = { description: GuestDescription | Promise<GuestDescription | undefined> };

export async function openGuestCache(database: Database): Promise<GuestCache> {
  const entries = new Map<string, Entry>();
  let isListening = false;
  const stopListening = await database.notifications.listen(CHANGES_CHANNEL, {
    notified: (payload) => (payload === '*' ? entries.clear() : void entries.delete(payload)),
    lost: () => {
      isListening = false;
      entries.clear();
    },
    connected: () => {
      isListening = true;
      entries.clear();
    },
  });
  return {
    get: (orgId, plugin, load) => {
      const key = keyOf(orgId, plugin);
      if (!isListening) return load();
      return (entries.get(key) ?? keep(entries, key, load)).description;
    },
    forget: (orgId, plugin) => void entries.delete(keyOf(orgId, plugin)),
    forgetAll: () => entries.clear(),
    close: stopListening,
  };
}

function keyOf(orgId: string, plugin: PluginId): string {
  return `${orgId} ${plugin}`;
}

/**
 * Callers that come while it is loaded share the load. A change deletes the entry, so what was loaded before it
 * reaches only those who asked before it. What does not exist, and what failed, is not kept.
 */
function keep(
  entries: Map<string, Entry>,
  key: string,
  load: () => Promise<GuestDescription | undefined>,
): Entry {
  const loading = load();
  const entry: Entry = { description: loading };
  const settle = (found: GuestDescription | undefined): void => {
    if (found) entry.description = found;
    else if (entries.get(key) === entry) entries.delete(key);
  };
  loading.then(settle, () => settle(undefined));
  entries.set(key, entry);
  const [oldest] = entries.keys();
  if (entries.size > ENTRIES_MAX && oldest !== undefined) entries.delete(oldest);
  return entry;
}
