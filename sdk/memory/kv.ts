/** The key-value store in memory: the same checks, versions, times and quota as the one on PostgreSQL. */
import {
  checkAnswer,
  checkInteger,
  checkKey,
  checkKeys,
  checkPrefix,
  checkTtl,
  checkValue,
} from '../../spec/host/kv-checks.ts';
import type { KeyValueStore, KvNamespace, KvPage, KvSetOptions, KvWrite } from '../../spec/host/kv.ts';
import type { JsonValue } from '../../spec/json.ts';
import { KV_LIMITS } from '../../spec/limits.ts';
import { Refusal } from '../../spec/refusal.ts';

/** What one key holds: JSON text, and the milliseconds since 1970 at which it is gone. */
type Held = { readonly text: string; readonly version: number; readonly expiresAtMs: number | null };
type Entries = Map<string, Held>;

/** The data of one namespace, as plain JSON that can be kept in a file. */
export type KvSnapshot = readonly {
  readonly key: string;
  readonly value: JsonValue;
  readonly expiresAtMs: number | null;
}[];

export type MemoryKeyValueStore = KeyValueStore & {
  snapshot(namespace: KvNamespace): KvSnapshot;
  /** Puts what a snapshot held in the place of what is there. */
  restore(namespace: KvNamespace, snapshot: KvSnapshot): void;
};

/** @param nowMs milliseconds since 1970 */
export function createMemoryKeyValueStore(nowMs: () => number = Date.now): MemoryKeyValueStore {
  const namespaces = new Map<string, Entries>();
  let lastVersion = 0;
  const open = ({ orgId, installationId }: KvNamespace): Entries => {
    const name = JSON.stringify([orgId, installationId]);
    const entries: Entries = namespaces.get(name) ?? new Map();
    namespaces.set(name, entries);
    for (const [key, { expiresAtMs }] of entries)
      if (expiresAtMs !== null && expiresAtMs <= nowMs()) entries.delete(key);
    return entries;
  };
  const put = (entries: Entries, key: string, text: string, expiresAtMs: number | null): number => {
    lastVersion += 1;
    entries.set(key, { text, version: lastVersion, expiresAtMs });
    return lastVersion;
  };
  return {
    getMany: async (namespace, keys) => readMany(open(namespace), checkKeys(keys)),
    set: async (namespace, key, value, options = {}) => {
      const write = checkWrite(key, value, options);
      const entries = open(namespace);
      const conflict = findConflict(entries, write);
      if (conflict) return conflict;
      requireRoom(entries, write);
      const expiresAtMs = write.ttlMs === undefined ? null : nowMs() + write.ttlMs;
      return { kind: 'stored', version: put(entries, write.key, write.text, expiresAtMs) };
    },
    delete: async (namespace, keys) => {
      const entries = open(namespace);
      return checkKeys(keys).filter((key) => entries.delete(key)).length;
    },
    list: async (namespace, page) => listKeys(open(namespace), page),
    snapshot: (namespace) =>
      [...open(namespace)].map(([key, { text, expiresAtMs }]) => ({
        key,
        value: JSON.parse(text) as JsonValue,
        expiresAtMs,
      })),
    restore: (namespace, snapshot) => {
      const entries = open(namespace);
      entries.clear();
      for (const { key, value, expiresAtMs } of snapshot)
        put(entries, checkKey(key), checkValue(value), expiresAtMs);
    },
  };
}

type Write = {
  readonly key: string;
  readonly text: string;
  readonly ttlMs?: number;
  readonly expectedVersion?: number;
};

function checkWrite(key: string, value: JsonValue, { ttlMs, expectedVersion }: KvSetOptions): Write {
  const bounds = { min: 0, max: Number.MAX_SAFE_INTEGER };
  return {
    key: checkKey(key),
    text: checkValue(value),
    ...(ttlMs === undefined ? {} : { ttlMs: checkTtl(ttlMs) }),
    ...(expectedVersion === undefined
      ? {}
      : { expectedVersion: checkInteger('The expected version', expectedVersion, bounds) }),
  };
}

function findConflict(entries: Entries, { key, expectedVersion }: Write): KvWrite | undefined {
  const version = entries.get(key)?.version ?? 0;
  return expectedVersion === undefined || expectedVersion === version
    ? undefined
    : { kind: 'conflict', version };
}

/** A write that makes nothing larger is taken even where the store is full. */
function requireRoom(entries: Entries, { key, text }: Write): void {
  const old = entries.get(key);
  const addedBytes = sizeOf(key, text) - (old ? sizeOf(key, old.text) : 0);
  const isFull =
    (!old && entries.size >= KV_LIMITS.keysMax) ||
    (addedBytes > 0 && bytesOf(entries) + addedBytes > KV_LIMITS.totalBytesMax);
  if (!isFull) return;
  throw new Refusal('kv_quota_exceeded', {
    detail: `The store takes ${KV_LIMITS.keysMax} keys and ${KV_LIMITS.totalBytesMax} bytes for one installation.`,
  });
}

function bytesOf(entries: Entries): number {
  let bytes = 0;
  for (const [key, { text }] of entries) bytes += sizeOf(key, text);
  return bytes;
}

function sizeOf(key: string, text: string): number {
  return Buffer.byteLength(key, 'utf8') + Buffer.byteLength(text, 'utf8');
}

function readMany(entries: Entries, keys: readonly string[]): Awaited<ReturnType<KeyValueStore['getMany']>> {
  const found = keys.flatMap((key) => {
    const held = entries.get(key);
    return held ? [{ key, ...held }] : [];
  });
  checkAnswer(found.reduce((sum, { text }) => sum + text.length, 0));
  return found.map(({ key, text, version }) => ({ key, value: JSON.parse(text) as JsonValue, version }));
}

/** In the order of their bytes, as PostgreSQL compares under the collation C. */
function listKeys(
  entries: Entries,
  { prefix = '', after = '', limit = KV_LIMITS.listMax }: KvPage,
): { keys: string[]; next: string | null } {
  const wanted = checkInteger('The limit', limit, { min: 1, max: KV_LIMITS.listMax });
  const [from, start] = [checkPrefix(after), checkPrefix(prefix)];
  const keys = [...entries.keys()]
    .filter((key) => key.startsWith(start) && compareBytes(key, from) > 0)
    .sort(compareBytes);
  const page = keys.slice(0, wanted);
  return { keys: page, next: keys.length > wanted ? (page.at(-1) ?? null) : null };
}

function compareBytes(left: string, right: string): number {
  return Buffer.compare(Buffer.from(left, 'utf8'), Buffer.from(right, 'utf8'));
}
