/**
 * Calls of the functions of migration 0004: one statement, one round trip, outside any transaction of ours, because
 * each function sets the organization itself. Prepared once for each connection.
 */
import type { PostgreSqlConnection } from '@mikro-orm/postgresql';
import type { Database } from '../../database/index.ts';
import { translateFailure } from '../../database/unavailable.ts';

const STATEMENTS = {
  souk_kv_get: 'select * from souk_kv_get($1, $2, $3)',
  souk_kv_list: 'select * from souk_kv_list($1, $2, $3, $4, $5)',
  souk_kv_set: 'select * from souk_kv_set($1, $2, $3, $4, $5, $6, $7, $8)',
  souk_kv_delete: 'select souk_kv_delete($1, $2, $3) as deleted',
  souk_kv_sweep: 'select souk_kv_sweep($1, $2) as swept',
} as const;

export type KvCall = <Row extends object>(
  name: keyof typeof STATEMENTS,
  values: readonly unknown[],
) => Promise<Row[]>;

/** @returns a caller that throws Refusal `database_unavailable` where the database cannot be reached */
export function kvCalls(database: Database): KvCall {
  const connection = database.orm.em.getConnection() as unknown as PostgreSqlConnection;
  return async <Row extends object>(name: keyof typeof STATEMENTS, values: readonly unknown[]) => {
    try {
      const pool = await connection.getNativeClient();
      const { rows } = await pool.query<Row>({ name, text: STATEMENTS[name], values: [...values] });
      return rows;
    } catch (error) {
      throw translateFailure(error, 'working');
    }
  };
}
