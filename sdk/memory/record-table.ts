/** Records in memory, found by their keys as PostgreSQL finds them. */
import type { RecordView } from '../../spec/host/records.ts';
import type { JsonObject } from '../../spec/json.ts';
import { slugKey } from '../../spec/records/keys.ts';
import {
  PER_KEY_MAX,
  type Changes,
  type FieldSources,
  type KnownRecord,
} from '../../spec/records/known-records.ts';

type Stored = {
  readonly id: string;
  readonly type: string;
  readonly data: JsonObject;
  readonly sources: FieldSources;
  readonly lastImportId: string;
  readonly keys: KnownRecord['keys'];
  readonly revision: number;
  readonly createdAtMs: number;
  readonly updatedAtMs: number;
};

export type RecordTable = {
  readonly size: number;
  /** In the order of their ids. */
  views(): RecordView[];
  /** @returns records of the type that have one of the ids or key texts */
  matching(
    type: string,
    wanted: { readonly ids: readonly string[]; readonly texts: readonly string[] },
  ): KnownRecord[];
  /** Whether a record of the type has the slug. */
  hasSlug(type: string, slug: string): boolean;
  /** @param nowMs milliseconds since 1970 */
  write(type: string, changes: Changes, nowMs: number): void;
};

export function createRecordTable(): RecordTable {
  const records = new Map<string, Stored>();
  const byKey = new Map<string, Set<string>>();
  const idsOf = (type: string, text: string): string[] =>
    [...(byKey.get(JSON.stringify([type, text])) ?? [])].sort().slice(0, PER_KEY_MAX);
  const index = (type: string, { id, keys }: Pick<Stored, 'id' | 'keys'>): void => {
    for (const { text } of keys) {
      const key = JSON.stringify([type, text]);
      byKey.set(key, (byKey.get(key) ?? new Set()).add(id));
    }
  };
  const forget = ({ id, type, keys }: Stored): void => {
    for (const { text } of keys) byKey.get(JSON.stringify([type, text]))?.delete(id);
  };
  return {
    get size() {
      return records.size;
    },
    views: () => [...records.values()].sort((left, right) => (left.id < right.id ? -1 : 1)).map(viewOf),
    hasSlug: (type, slug) => idsOf(type, slugKey(slug)).length > 0,
    matching: (type, { ids, texts }) => {
      const found = new Set([...ids, ...texts.flatMap((text) => idsOf(type, text))]);
      return [...found].flatMap((id) => {
        const record = records.get(id);
        return record?.type === type ? [knownOf(record)] : [];
      });
    },
    write: (type, { added, changed }, nowMs) => {
      for (const record of [...added, ...changed]) {
        const before = records.get(record.id);
        if (before) forget(before);
        const next = { ...contentOf(record, type), ...timesOf(before, nowMs) };
        records.set(record.id, next);
        index(type, next);
      }
    },
  };
}

function contentOf({ id, data, sources, lastImportId, keys }: KnownRecord, type: string) {
  return { id, type, data, sources, lastImportId, keys };
}

function timesOf(
  before: Stored | undefined,
  nowMs: number,
): Pick<Stored, 'revision' | 'createdAtMs' | 'updatedAtMs'> {
  const { revision = 0, createdAtMs = nowMs } = before ?? {};
  return { revision: revision + 1, createdAtMs, updatedAtMs: nowMs };
}

function knownOf({ id, data, sources, lastImportId, keys }: Stored): KnownRecord {
  return { id, data, sources, lastImportId, keys, standing: 'stored', stored: data };
}

function viewOf({ id, type, data, revision, createdAtMs, updatedAtMs }: Stored): RecordView {
  const [createdAt, updatedAt] = [new Date(createdAtMs), new Date(updatedAtMs)].map((at) => at.toISOString());
  return { id, type, data, revision, createdAt: createdAt ?? '', updatedAt: updatedAt ?? '' };
}
