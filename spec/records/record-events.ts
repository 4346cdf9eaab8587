/** What became of records and imports, as events: whoever may read a record looks there for what it says. */
import type { NewEvent } from '../host/events.ts';
import type { JsonObject } from '../json.ts';
import type { PluginId } from '../plugin-id.ts';
import type { Changes, KnownRecord } from './known-records.ts';
import { differences } from './merging.ts';
import type { Counts } from './verdict.ts';

type RecordDeed = 'created' | 'updated' | 'deleted';
type Batch = { readonly id: string | null; readonly recordType: string };

/** @returns `member.created`; of a plugin's type with its qualified name, `sahabot.tournament.match.created` */
export function recordEventName(recordType: string, deed: RecordDeed): string {
  return `${recordType}.${deed}`;
}

/** @returns the names of what `changeEvents` makes */
export function changeEventNames(recordType: string, { added, changed }: Changes): string[] {
  return [
    ...(added.length > 0 ? [recordEventName(recordType, 'created')] : []),
    ...(changed.length > 0 ? [recordEventName(recordType, 'updated')] : []),
  ];
}

/** @returns one event for each record that is new or changed */
export function changeEvents(batch: Batch, { added, changed }: Changes): NewEvent[] {
  return [
    ...added.map(({ id, data }) => recordEvent(batch, 'created', { id, fields: Object.keys(data) })),
    ...changed.map((record) =>
      recordEvent(batch, 'updated', { id: record.id, fields: changedFields(record) }),
    ),
  ];
}

function changedFields({ stored = {}, sources, data }: KnownRecord): string[] {
  return differences({ data: stored, sources }, data).map(({ field }) => field);
}

/** @param fields that it has, that changed, or that it had */
export function recordEvent(
  { id: importId, recordType }: Batch,
  deed: RecordDeed,
  { id, fields }: { readonly id: string; readonly fields: readonly string[] },
): NewEvent {
  const data: JsonObject = { type: recordType, id, import: importId, fields: [...fields] };
  return { name: recordEventName(recordType, deed), key: id, data };
}

export type EndedImport = {
  readonly id: string;
  readonly state: 'completed' | 'failed';
  readonly recordType: string;
  readonly plugin: PluginId;
  readonly mode: string;
  readonly counts: Counts;
};

export function importEventName(state: EndedImport['state']): string {
  return `import.${state}`;
}

export function importEvent({ id, state, recordType, plugin, mode, counts }: EndedImport): NewEvent {
  const data = { import: id, type: recordType, plugin, mode, ...counts };
  return { name: importEventName(state), key: id, data };
}
