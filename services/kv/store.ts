/** The key-value data of one installation: JSON values under text keys, on PostgreSQL, within a quota. */
import type { Database } from '../../database/index.ts';
import type { JsonValue } from '../../spec/json.ts';
import { KV_LIMITS } from '../../spec/limits.ts';
import { Fault, Refusal } from '../../spec/refusal.ts';
import type {
  KeyValueStore,
  KvEntry,
  KvNamespace,
  KvPage,
  KvSetOptions,
  KvWrite,
} from '../../spec/host/kv.ts';
import {
  checkAnswer,
  checkInteger,
  checkKey,
  checkKeys,
  checkPrefix,
  checkTtl,
  checkValue,
} from '../../spec/host/kv-checks.ts';
import { batchReads, type KvRow } from './read-batches.ts';
import { kvCalls, type KvCall } from './statements.ts';

/** The store on PostgreSQL. */
type SweptKeyValueStore = KeyValueStore & {
  /** Deletes what has expired, of up to a hundred installations. @returns how many entries; call again while some */
  sweep(): Promise<number>;
};

/** Of one installation. */
export type KvQuota = { readonly kvKeysMax: number; readonly kvBytesMax: number };

const QUOTA_BY_DEFAULT: KvQuota = { kvKeysMax: KV_LIMITS.keysMax, kvBytesMax: KV_LIMITS.totalBytesMax };

/** @param quotaOf what the installations of an organization may store, each */
export function createKeyValueStore(
  database: Database,
  quotaOf: (orgId: string) => KvQuota = () => QUOTA_BY_DEFAULT,
): SweptKeyValueStore {
  const call = kvCalls(database);
  const read = batchReads(({ orgId, installationId }, keys) =>
    call<KvRow>('souk_kv_get', [orgId, installationId, keys]),
  );
  return {
    getMany: (namespace, keys) => getMany(read, namespace, keys),
    set: (namespace, key, value, options) =>
      set({ call, quota: quotaOf(namespace.orgId) }, namespace, key, value, options ?? {}),
    delete: (namespace, keys) => remove(call, namespace, keys),
    list: (namespace, page) => list(call, namespace, page),
    sweep: () => sweep(database, call),
  };
}

async function getMany(
  read: ReturnType<typeof batchReads>,
  namespace: KvNamespace,
  keys: readonly string[],
): Promise<KvEntry[]> {
  const asked = checkKeys(keys);
  const found = await read(namespace, asked);
  const rows = asked.flatMap((key) => found.get(key) ?? []);
  checkAnswer(rows.reduce((sum, { value }) => sum + value.length, 0));
  return rows.map(({ key, value, version }) => ({
    key,
    value: JSON.parse(value) as JsonValue,
    version: Number(version),
  }));
}

async function set(
  { call, quota }: { readonly call: KvCall; readonly quota: KvQuota },
  namespace: KvNamespace,
  key: string,
  value: JsonValue,
  { ttlMs, expectedVersion }: KvSetOptions,
): Promise<KvWrite> {
  const write = [
    namespace.orgId,
    namespace.installationId,
    checkKey(key),
    checkValue(value),
    ttlMs === undefined ? null : checkTtl(ttlMs),
    expectedVersion === undefined
      ? null
      : checkInteger('The expected version', expectedVersion, { min: 0, max: Number.MAX_SAFE_INTEGER }),
    quota.kvKeysMax,
    quota.kvBytesMax,
  ];
  const first = await store(call, write);
  if (first.kind !== 'full') return first;
  // Expired entries count until they are swept: make room once, then it is full indeed.
  await call('souk_kv_sweep', [namespace.orgId, namespace.installationId]);
  const second = await store(call, write);
  if (second.kind !== 'full') return second;
  throw new Refusal('kv_quota_exceeded', {
    detail: `The store takes ${quota.kvKeysMax} keys and ${quota.kvBytesMax} bytes for one installation.`,
  });
}

async function store(call: KvCall, write: readonly unknown[]): Promise<KvWrite | { readonly kind: 'full' }> {
  const [row] = await call<{ outcome: string; version: string }>('souk_kv_set', write);
  switch (row?.outcome) {
    case 'stored':
      return { kind: 'stored', version: Number(row.version) };
    case 'conflict':
      return { kind: 'conflict', version: Number(row.version) };
    case 'full':
      return { kind: 'full' };
    default:
      throw new Fault('souk_kv_set answered with no known outcome');
  }
}

async function remove(call: KvCall, namespace: KvNamespace, keys: readonly string[]): Promise<number> {
  const [row] = await call<{ deleted: number }>('souk_kv_delete', [
    namespace.orgId,
    namespace.installationId,
    checkKeys(keys),
  ]);
  return row?.deleted ?? 0;
}

async function list(
  call: KvCall,
  namespace: KvNamespace,
  { prefix = '', after = '', limit = KV_LIMITS.listMax }: KvPage,
): Promise<{ keys: string[]; next: string | null }> {
  const wanted = checkInteger('The limit', limit, { min: 1, max: KV_LIMITS.listMax });
  const rows = await call<{ key: string }>('souk_kv_list', [
    namespace.orgId,
    namespace.installationId,
    checkPrefix(prefix),
    checkPrefix(after),
    // One more than wanted tells whether there is a next page.
    wanted + 1,
  ]);
  const keys = rows.slice(0, wanted).map(({ key }) => key);
  return { keys, next: rows.length > wanted ? (keys.at(-1) ?? null) : null };
}

async function sweep(database: Database, call: KvCall): Promise<number> {
  const owners = await database.transaction({ kind: 'instance' }, ({ em }) =>
    em.execute<{ org_id: string; installation_id: string }[]>(
      `select distinct org_id, installation_id from kv_entry where expires_at <= now() limit 100`,
    ),
  );
  let swept = 0;
  for (const { org_id, installation_id } of owners) {
    const [row] = await call<{ swept: number }>('souk_kv_sweep', [org_id, installation_id]);
    swept += row?.swept ?? 0;
  }
  return swept;
}
