/** `host.kv`: its calls, and the store that answers them, on PostgreSQL or in memory. */
import type { JsonObject, JsonValue } from '../json.ts';
import type { Capability, CapabilityContext } from './capability.ts';

/** Whose data it is; from the supervisor's record of a run, never from a guest. */
export type KvNamespace = { readonly orgId: string; readonly installationId: string };

export type KvEntry = {
  readonly key: string;
  readonly value: JsonValue;
  /** Grows with every write of the key; 0 stands for a key that is absent. */
  readonly version: number;
};

export type KvSetOptions = { readonly ttlMs?: number; readonly expectedVersion?: number };
export type KvWrite =
  | { readonly kind: 'stored'; readonly version: number }
  | { readonly kind: 'conflict'; readonly version: number };
export type KvPage = { readonly prefix?: string; readonly after?: string; readonly limit?: number };

export type KeyValueStore = {
  /** @returns the entries that exist, in the order asked; each key once */
  getMany(namespace: KvNamespace, keys: readonly string[]): Promise<KvEntry[]>;
  /**
   * Writes one key.
   * @param options `ttlMs`: milliseconds until it is gone; `expectedVersion`: write only over this version (0: only
   * where there is none)
   * @returns the new version, or the conflict with the version that stands
   * @throws Refusal `kv_key_invalid`, `kv_value_too_large`, `kv_quota_exceeded`, `kv_request_invalid`
   */
  set(namespace: KvNamespace, key: string, value: JsonValue, options?: KvSetOptions): Promise<KvWrite>;
  /** @returns how many of the keys were there */
  delete(namespace: KvNamespace, keys: readonly string[]): Promise<number>;
  /** Keys in the order of their bytes, after `after`, at most `limit` (KV_LIMITS.listMax). */
  list(namespace: KvNamespace, page: KvPage): Promise<{ keys: string[]; next: string | null }>;
};

/**
 * `kv.get(key)` → value or null · `kv.getEntry(key)` → `{ value, version }` or null · `kv.getMany(keys)` → values by
 * key, absent ones left out, as pairs · `kv.set(key, value, { ttlMs })` → version · `kv.delete(key)` → whether it was
 * there · `kv.list({ prefix, after, limit })` → `{ keys, next }` · `kv.compareAndSet(key, version, value, { ttlMs })`
 * → `{ stored, version }`, where version 0 stands for a key that is absent.
 */
export function kvCapabilities(store: KeyValueStore): Capability[] {
  return [
    capability('kv.get', { key: TEXT }, ['key'], async ({ key }, namespace) => {
      const [entry] = await store.getMany(namespace, [key as string]);
      return entry?.value ?? null;
    }),
    capability('kv.getEntry', { key: TEXT }, ['key'], async ({ key }, namespace) => {
      const [entry] = await store.getMany(namespace, [key as string]);
      return entry ? { value: entry.value, version: entry.version } : null;
    }),
    capability(
      'kv.getMany',
      { keys: { type: 'array', items: TEXT } },
      ['keys'],
      async ({ keys }, namespace) => {
        const entries = await store.getMany(namespace, keys as string[]);
        return entries.map(({ key, value }) => [key, value]);
      },
    ),
    capability(
      'kv.set',
      { key: TEXT, value: {}, ttlMs: NUMBER },
      ['key', 'value'],
      async (args, namespace) => {
        const write = await store.set(
          namespace,
          args['key'] as string,
          args['value'] ?? null,
          timeToLive(args),
        );
        return write.version;
      },
    ),
    capability(
      'kv.compareAndSet',
      { key: TEXT, version: NUMBER, value: {}, ttlMs: NUMBER },
      ['key', 'version', 'value'],
      async (args, namespace) => {
        const options = { ...timeToLive(args), expectedVersion: args['version'] as number };
        return comparison(await store.set(namespace, args['key'] as string, args['value'] ?? null, options));
      },
    ),
    capability('kv.delete', { key: TEXT }, ['key'], async ({ key }, namespace) => {
      return (await store.delete(namespace, [key as string])) > 0;
    }),
    capability('kv.list', { prefix: TEXT, after: TEXT, limit: NUMBER }, [], (page, namespace) =>
      store.list(namespace, page),
    ),
  ];
}

const TEXT: JsonObject = { type: 'string' };
const NUMBER: JsonObject = { type: 'number' };
/** Those that may be left out; every other argument is required. */
const OPTIONAL: ReadonlySet<string> = new Set(['ttlMs', 'prefix', 'after', 'limit']);

type Act = (args: JsonObject, namespace: KvNamespace) => Promise<JsonValue>;

function capability(
  name: string,
  properties: JsonObject,
  parameters: readonly string[],
  act: Act,
): Capability {
  const required = Object.keys(properties).filter((key) => !OPTIONAL.has(key));
  return {
    name,
    requires: () => ({ name: 'kv' }),
    argumentSchema: { type: 'object', properties, required, additionalProperties: false },
    ...(parameters.length > 0 ? { parameters } : {}),
    act: (args, context) => act(args, namespaceOf(context)),
  };
}

function namespaceOf({ guest }: CapabilityContext): KvNamespace {
  return { orgId: guest.org.id, installationId: guest.installationId };
}

function timeToLive({ ttlMs }: JsonObject): KvSetOptions {
  return ttlMs === undefined ? {} : { ttlMs: ttlMs as number };
}

function comparison(write: KvWrite): JsonValue {
  switch (write.kind) {
    case 'stored':
      return { stored: true, version: write.version };
    case 'conflict':
      return { stored: false, version: write.version };
  }
}
