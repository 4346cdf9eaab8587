/**
 * What the plugin remembers: the groups of each organization, whom it has added, and who a member is on a platform.
 * Without the grant of `kv` it works all the same, but removes nobody, because it cannot know whom it has added.
 */
import type { Host, Json } from 'souk/sdk';
import { isDenied, messageOf } from '../../platform-kit/errors.ts';

/** The name under which the groups were made: they keep it when the organization gets another. */
export type Groups = { readonly name: string; readonly groups: { readonly [platform: string]: string } };

export type Memory = {
  groupsOf(organization: string): Promise<Groups | null>;
  keepGroups(organization: string, groups: Groups): Promise<void>;
  /** Ids on the platform, as they were given when they were added. */
  addedTo(place: string): Promise<ReadonlySet<string>>;
  keepAdded(place: string, ids: ReadonlySet<string>): Promise<void>;
  /** @returns who the member is on the platform; the address itself where nobody has said */
  idOf(platform: string, email: string): string;
  /** What could not be remembered, as a sentence; null where nothing was denied. */
  denied(): string | null;
};

/** A value has at most 64 KiB: so many ids of 200 characters fit, with room for how JSON writes them. */
const IDS_PER_VALUE = 100;
const LISTS_PER_PAGE = 10;
const LINKS_PER_PAGE = 500;
const linkKey = (platform: string, email: string): string => `link/${platform}/${email}`;

export async function openMemory({ kv, log }: Host): Promise<Memory> {
  let denied: string | null = null;
  const orElse = async <Value>(value: Value, work: () => Promise<Value>): Promise<Value> => {
    try {
      return await work();
    } catch (error) {
      if (!isDenied(error)) throw error;
      if (denied === null) log.warn('remembers nothing:', messageOf(error));
      denied = `Nothing can be remembered, so nobody is removed: ${messageOf(error)}`;
      return value;
    }
  };
  const links = await orElse(
    new Map<string, Json>(),
    async () => new Map(await readUnder(kv, 'link/', LINKS_PER_PAGE)),
  );
  return {
    groupsOf: (organization) => orElse(null, () => kv.get<Groups>(`groups/${organization}`)),
    keepGroups: (organization, groups) =>
      orElse(undefined, async () => void (await kv.set(`groups/${organization}`, groups))),
    addedTo: (place) =>
      orElse(new Set<string>(), async () => {
        const values = await readUnder(kv, `added/${place}/`, LISTS_PER_PAGE);
        return new Set(values.flatMap(([, ids]) => ids as string[]));
      }),
    keepAdded: (place, ids) => orElse(undefined, () => writeList(kv, `added/${place}/`, [...ids])),
    idOf: (platform, email) => String(links.get(linkKey(platform, email)) ?? email),
    denied: () => denied,
  };
}

/** @param id empty to forget who the member is */
export async function keepLink({ kv }: Host, platform: string, email: string, id: string): Promise<void> {
  const key = linkKey(platform, email.toLowerCase());
  if (id === '') await kv.delete(key);
  else await kv.set(key, id);
}

/** @param limit keys whose values fit into one answer */
async function readUnder(kv: Host['kv'], prefix: string, limit: number): Promise<[string, Json][]> {
  const found: [string, Json][] = [];
  for (let after = ''; ;) {
    const { keys, next } = await kv.list({ prefix, limit, ...(after === '' ? {} : { after }) });
    if (keys.length > 0) found.push(...(await kv.getMany(keys)));
    if (next === null) return found;
    after = next;
  }
}

async function writeList(kv: Host['kv'], prefix: string, ids: readonly string[]): Promise<void> {
  const count = Math.ceil(ids.length / IDS_PER_VALUE);
  for (let index = 0; index < count; index++)
    await kv.set(`${prefix}${index}`, ids.slice(index * IDS_PER_VALUE, (index + 1) * IDS_PER_VALUE));
  for (let index = count; await kv.delete(`${prefix}${index}`); index++);
}
