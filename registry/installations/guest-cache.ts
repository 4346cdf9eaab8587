/**
 * Guests by organization and plugin, for the hot path; some are read ahead, so that a first call need not wait for
 * them. An entry is dropped by the notification of a change; while notifications may be missed nothing is kept, so that
 * every call asks the database.
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

/**
 * What is read ahead with each new connection, by which a server also begins. At some microseconds and kilobytes each
 * this takes a few milliseconds, and the first calls of most servers find their guest.
 */
export const GUESTS_AHEAD_MAX = 500;

type Entry = { description: GuestDescription | Promise<GuestDescription | undefined> };

/** @param readAhead asks the database for guests that may be called; what fails in it is read when it is asked for */
export async function openGuestCache(
  database: Database,
  readAhead: () => Promise<readonly GuestDescription[]>,
): Promise<GuestCache> {
  const entries = new Map<string, Entry>();
  let isListening = false;
  /** While guests are read ahead: what changed meanwhile. Gone when everything did. */
  let reading: { readonly changed: Set<string> } | undefined;
  const drop = (key: string): void => {
    reading?.changed.add(key);
    entries.delete(key);
  };
  const dropAll = (): void => {
    reading = undefined;
    entries.clear();
  };
  const fill = async (): Promise<void> => {
    const mine = { changed: new Set<string>() };
    reading = mine;
    const found = await readAhead().catch(() => []);
    if (reading !== mine) return;
    reading = undefined;
    for (const description of found) {
      const { org, plugin } = description.guest;
      const key = keyOf(org.id, plugin.id);
      if (!mine.changed.has(key) && !entries.has(key)) entries.set(key, { description });
    }
  };
  const stopListening = await database.notifications.listen(CHANGES_CHANNEL, {
    notified: (payload) => (payload === '*' ? dropAll() : drop(payload)),
    lost: () => {
      isListening = false;
      dropAll();
    },
    connected: () => {
      isListening = true;
      dropAll();
      void fill();
    },
  });
  return {
    get: (orgId, plugin, load) => {
      const key = keyOf(orgId, plugin);
      if (!isListening) return load();
      return (entries.get(key) ?? keep(entries, key, load)).description;
    },
    forget: (orgId, plugin) => drop(keyOf(orgId, plugin)),
    forgetAll: dropAll,
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
