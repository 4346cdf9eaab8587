/** What became of records, as events: who it is about and which fields, so that whoever may read them looks there. */
import type { Transaction } from '../../database/index.ts';
import type { JsonObject } from '../../spec/json.ts';
import type { NewEvent, Tell } from '../events/index.ts';
import type { RecordImport } from './batch.ts';
import type { Changes, KnownRecord } from './known-records.ts';
import { differences } from './merging.ts';

type RecordDeed = 'created' | 'updated' | 'deleted';

/**
 * Costs one look for subscribers whatever the number of records. The turn of the record type, which the caller holds,
 * puts the events of a record in order.
 */
export function tellChanges(
  tell: Tell,
  tx: Transaction,
  batch: RecordImport,
  { added, changed }: Changes,
): Promise<void> {
  if (added.length + changed.length === 0) return Promise.resolve();
  const names = [
    ...(added.length > 0 ? [nameOf(batch.recordType, 'created')] : []),
    ...(changed.length > 0 ? [nameOf(batch.recordType, 'updated')] : []),
  ];
  const make = (): NewEvent[] => [
    ...added.map(({ id, data }) => eventOf(batch, 'created', { id, fields: Object.keys(data) })),
    ...changed.map((record) => eventOf(batch, 'updated', { id: record.id, fields: changedFields(record) })),
  ];
  return tell(tx, batch.orgId, { names, make });
}

function changedFields({ stored = {}, sources, data }: KnownRecord): string[] {
  return differences({ data: stored, sources }, data).map(({ field }) => field);
}

/** @returns `member.created`; of a plugin's type with its qualified name, `sahabot.tournament.match.created` */
function nameOf(recordType: string, deed: RecordDeed): string {
  return `${recordType}.${deed}`;
}

/** @param fields that it had */
export function tellDeletion(
  tell: Tell,
  tx: Transaction,
  record: { readonly orgId: string; readonly recordType: string; readonly id: string },
  fields: readonly string[],
): Promise<void> {
  const { orgId, recordType, id } = record;
  const make = (): NewEvent[] => [eventOf({ id: null, recordType }, 'deleted', { id, fields })];
  return tell(tx, orgId, { names: [nameOf(recordType, 'deleted')], make });
}

function eventOf(
  { id: importId, recordType }: { readonly id: string | null; readonly recordType: string },
  deed: RecordDeed,
  { id, fields }: { readonly id: string; readonly fields: readonly string[] },
): NewEvent {
  const data: JsonObject = { type: recordType, id, import: importId, fields: [...fields] };
  return { name: nameOf(recordType, deed), key: id, data };
}
