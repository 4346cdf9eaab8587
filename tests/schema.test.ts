import { afterAll, beforeAll, expect, test } from 'vitest';
import { ENTITIES } from '../server/start/entities.ts';
import { startTestDatabase, type TestDatabase } from './support/database.ts';

let fixture: TestDatabase;

beforeAll(async () => {
  fixture = await startTestDatabase(ENTITIES);
});

afterAll(() => fixture.drop());

/** Triggers are written by migrations alone; a table in no list would show as one to be dropped. */
const TRIGGER = /^drop (?:trigger|function) if exists/u;

test('the migrated tables are what the entities say', async () => {
  const difference = await fixture.database.orm.schema.getUpdateSchemaSQL({ wrap: false });
  const statements = difference.split('\n').filter((line) => line !== '' && !TRIGGER.test(line));
  expect(statements).toEqual([]);
});

test('row level security is enabled and forced on every table but those of the migrations', async () => {
  const { rows } = await fixture.superuser.query<{ name: string }>(
    `select relname as name from pg_class join pg_namespace on pg_namespace.oid = relnamespace
      where nspname = 'public' and relkind = 'r' and not (relrowsecurity and relforcerowsecurity)`,
  );
  expect(rows.map(({ name }) => name)).toEqual(['souk_migration']);
});
