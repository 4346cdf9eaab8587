/** Tells subscribers what became of records, in the transaction in which it did. */
import type { Transaction } from '../../database/index.ts';
import type { Changes } from '../../spec/records/known-records.ts';
import {
  changeEventNames,
  changeEvents,
  recordEvent,
  recordEventName,
} from '../../spec/records/record-events.ts';
import type { Tell } from '../events/index.ts';
import type { RecordImport } from './batch.ts';

/**
 * Costs one look for subscribers whatever the number of records. The turn of the record type, which the caller holds,
 * puts the events of a record in order.
 */
export function tellChanges(
  tell: Tell,
  tx: Transaction,
  batch: RecordImport,
  changes: Changes,
): Promise<void> {
  const names = changeEventNames(batch.recordType, changes);
  if (names.length === 0) return Promise.resolve();
  return tell(tx, batch.orgId, { names, make: () => changeEvents(batch, changes) });
}

/** @param fields that it had */
export function tellDeletion(
  tell: Tell,
  tx: Transaction,
  { orgId, recordType, id }: { readonly orgId: string; readonly recordType: string; readonly id: string },
  fields: readonly string[],
): Promise<void> {
  const names = [recordEventName(recordType, 'deleted')];
  const make = () => [recordEvent({ id: null, recordType }, 'deleted', { id, fields })];
  return tell(tx, orgId, { names, make });
}
