/** How pg-boss reaches the database: through the pool that is there, or inside a transaction of ours. */
import type { PostgreSqlConnection } from '@mikro-orm/postgresql';
import { fromKysely, type ConstructorOptions } from 'pg-boss';
import type { Database, Transaction } from '../../database/index.ts';
import { translateFailure } from '../../database/unavailable.ts';

type Executor = NonNullable<ConstructorOptions['db']>;

/** Each statement on its own. Its tables hold ids alone, so no organization has to be set. */
export function poolExecutor(database: Database): Executor {
  const connection = database.orm.em.getConnection() as unknown as PostgreSqlConnection;
  return {
    executeSql: async (text, values = []) => {
      try {
        const pool = await connection.getNativeClient();
        return await pool.query(text, [...values]);
      } catch (error) {
        throw translateFailure(error, 'working');
      }
    },
  };
}

/** What is done through it commits or rolls back with the transaction. */
export function transactionExecutor(tx: Transaction): Executor {
  return fromKysely(tx.em.getTransactionContext() as unknown as Parameters<typeof fromKysely>[0]);
}
