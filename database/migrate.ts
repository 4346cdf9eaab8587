import { type EntityManager, type MikroORM } from '@mikro-orm/postgresql';
import type { Migration, Migrator } from '@mikro-orm/migrations';
import { Refusal } from '../spec/refusal.ts';
import { runTransaction } from './transaction.ts';

/** A migration's stable name and its class; the order of a list is the order of running. */
export type NamedMigration = {
  readonly name: string;
  readonly class: new (...parameters: ConstructorParameters<typeof Migration>) => Migration;
};

export const MIGRATION_TABLE = 'souk_migration';

/** Two servers that start at once: the second waits for the first and finds nothing to do. */
const MIGRATION_LOCK = 7_605_010;

/**
 * Brings the schema to the newest migration, all in one transaction.
 *
 * @returns the names that ran
 * @throws Refusal `database_schema_newer` where the database knows a migration that this release does not
 */
export async function runMigrations(orm: MikroORM, migrations: readonly NamedMigration[]): Promise<string[]> {
  return runTransaction({ root: orm.em as EntityManager }, { kind: 'instance' }, async ({ em }) => {
    await em.execute('select pg_advisory_xact_lock(?)', [MIGRATION_LOCK]);
    await refuseNewerSchema(em, migrations);
    const migrator = orm.config.getExtension<Migrator>('@mikro-orm/migrator');
    const transaction = em.getTransactionContext();
    const ran = await migrator?.up(transaction === undefined ? {} : { transaction });
    return (ran ?? []).map(({ name }) => name);
  });
}

async function refuseNewerSchema(em: EntityManager, migrations: readonly NamedMigration[]): Promise<void> {
  const tables = await em.execute('select to_regclass(?) as found', [MIGRATION_TABLE]);
  if (tables[0]?.['found'] === null) return;
  const rows = await em.execute<{ name: string }[]>(`select name from ${MIGRATION_TABLE} order by id`);
  const known = new Set(migrations.map(({ name }) => name));
  const unknown = rows.find(({ name }) => !known.has(name));
  if (unknown) {
    throw new Refusal('database_schema_newer', {
      detail: `The database has the migration ${unknown.name}, which this release of Souk does not know.`,
    });
  }
}
