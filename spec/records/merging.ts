/** One record and what a row says about it: field by field, with the source of each value. */
import { isDeepStrictEqual } from 'node:util';
import type { JsonObject, JsonValue } from '../json.ts';
import type { PluginId } from '../plugin-id.ts';
import { isNamespace } from './judged-type.ts';
import type { FieldSources, KnownRecord } from './known-records.ts';
import { isObject } from './normalise.ts';

export type Difference = {
  readonly field: string;
  /** Undefined where the record has no value yet. */
  readonly before: JsonValue | undefined;
  readonly after: JsonValue;
  /** Who said what is there. */
  readonly source: string;
};

/** What the row would change: it takes nothing away, and says nothing about fields that it does not have. */
export function differences(
  { data, sources }: Pick<KnownRecord, 'data' | 'sources'>,
  row: JsonObject,
): Difference[] {
  return Object.entries(row).flatMap(([field, value]) => {
    const before = own(data, field);
    const after = fieldAfter(field, before, value);
    if (isDeepStrictEqual(before, after)) return [];
    return [{ field, before, after, source: sourceOf(sources, field) }];
  });
}

/** The data of the record with the row's values over them. */
export function merged(data: JsonObject, row: JsonObject): JsonObject {
  const fields = new Map(Object.entries(data));
  for (const [field, value] of Object.entries(row))
    fields.set(field, fieldAfter(field, fields.get(field), value));
  return Object.fromEntries(fields);
}

/** Fields in the namespace of a plugin are added one by one. */
function fieldAfter(field: string, before: JsonValue | undefined, value: JsonValue): JsonValue {
  if (!isNamespace(field) || !isObject(before) || !isObject(value)) return value;
  return Object.fromEntries([...Object.entries(before), ...Object.entries(value)]);
}

function own(object: JsonObject, key: string): JsonValue | undefined {
  return Object.hasOwn(object, key) ? object[key] : undefined;
}

function sourceOf(sources: FieldSources, field: string): string {
  return (Object.hasOwn(sources, field) ? sources[field] : sources['*']) ?? '';
}

export function mergedSources(
  sources: FieldSources,
  changes: readonly Difference[],
  plugin: PluginId,
): FieldSources {
  const named = changes
    .filter(({ field }) => sourceOf(sources, field) !== plugin)
    .map(({ field }): [string, string] => [field, plugin]);
  return Object.fromEntries([...Object.entries(sources), ...named]);
}
