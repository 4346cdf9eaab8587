/** The functions of migration 0004, each of which sets the organization itself. */
import { preparedCalls, type Database, type PreparedCall } from '../../database/index.ts';

const STATEMENTS = {
  souk_kv_get: 'select * from souk_kv_get($1, $2, $3)',
  souk_kv_list: 'select * from souk_kv_list($1, $2, $3, $4, $5)',
  souk_kv_set: 'select * from souk_kv_set($1, $2, $3, $4, $5, $6, $7, $8)',
  souk_kv_delete: 'select souk_kv_delete($1, $2, $3) as deleted',
  souk_kv_sweep: 'select souk_kv_sweep($1, $2) as swept',
} as const;

export type KvCall = PreparedCall<keyof typeof STATEMENTS>;

export function kvCalls(database: Database): KvCall {
  return preparedCalls(database, STATEMENTS);
}
