/**
 * Calls of functions that set the scope themselves: one statement, one round trip, outside any transaction of ours.
 * Prepared once for each connection.
 */
import type { PostgreSqlConnection } from '@mikro-orm/postgresql';
import type { Database } from './database.ts';
import { translateFailure } from './unavailable.ts';

export type PreparedCall<Name extends string> = <Row extends object>(
  name: Name,
  values: readonly unknown[],
) => Promise<Row[]>;

/**
 * @param statements by the name under which a connection prepares them
 * @returns a caller that throws Refusal `database_unavailable` where the database cannot be reached
 */
export function preparedCalls<Name extends string>(
  database: Database,
  statements: Readonly<Record<Name, string>>,
): PreparedCall<Name> {
  const connection = database.orm.em.getConnection() as unknown as PostgreSqlConnection;
  return async <Row extends object>(name: Name, values: readonly unknown[]) => {
    try {
      const pool = await connection.getNativeClient();
      const { rows } = await pool.query<Row>({ name, text: statements[name], values: [...values] });
      return rows;
    } catch (error) {
      throw translateFailure(error, 'working');
    }
  };
}
