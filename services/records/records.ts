/** The records of all organizations: the one object that the server works with. */
import type { Database } from '../../database/index.ts';
import type { Acting } from '../../registry/installations/index.ts';
import type { RecordPort } from '../../spec/host/records.ts';
import type { Tell } from '../events/index.ts';
import { eraseRecord, type EraseRequest } from './erasing.ts';
import { proposing } from './proposing.ts';
import { findRecord, listRecords, readRecord, type RecordDetail } from './reading.ts';

/** The records of all organizations, for plugins and for people. */
export type Records = RecordPort & {
  read(orgId: string, type: string, id: string): Promise<RecordDetail>;
  /**
   * Takes a record away, and the values that its evidence kept.
   * @throws Refusal `record_type_unknown`, `name_ambiguous`, `record_not_found`, `record_referenced`
   */
  erase(acting: Acting, wish: EraseRequest): Promise<void>;
};

/** @param tell is called in the transaction of what became of records */
export function openRecords(database: Database, tell: Tell): Records {
  return {
    propose: proposing(database, tell),
    find: (orgId, type, id) => findRecord(database, orgId, type, id),
    list: (orgId, type, query) => listRecords(database, orgId, type, query),
    erase: (acting, wish) => eraseRecord({ database, tell }, acting, wish),
    read: (orgId, type, id) => readRecord(database, orgId, type, id),
  };
}
