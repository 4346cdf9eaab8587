import { Migration } from '@mikro-orm/migrations';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startTestDatabase, type TestDatabase } from '../tests/support/database.ts';
import { codeOf } from '../tests/support/refusals.ts';
import type { NamedMigration } from './migrate.ts';

class First extends Migration {
  override up(): void {
    this.addSql('create table first (id int primary key)');
    this.addSql(`insert into first values (1)`);
  }
}

class Second extends Migration {
  override up(): void {
    this.addSql('create table second (id int primary key)');
  }
}

class Broken extends Migration {
  override up(): void {
    this.addSql('create table third (id int primary key)');
    this.addSql('create table first (id int primary key)');
  }
}

const FIRST: NamedMigration = { name: '0001-first', class: First };
const SECOND: NamedMigration = { name: '0002-second', class: Second };
const BROKEN: NamedMigration = { name: '0003-broken', class: Broken };

let fixture: TestDatabase;

beforeAll(async () => {
  fixture = await startTestDatabase([], 'empty');
});

afterAll(() => fixture.drop());

async function tables(): Promise<string[]> {
  const { rows } = await fixture.superuser.query<{ name: string }>(
    `select tablename as name from pg_tables where schemaname = 'public' order by 1`,
  );
  return rows.map(({ name }) => name);
}

test('of servers that start at once one migrates, and nothing runs twice', async () => {
  const second = await fixture.open();
  const third = await fixture.open();
  const ran = await Promise.all([fixture.database, second, third].map((each) => each.migrate([FIRST])));
  expect(ran.flat()).toEqual(['0001-first']);
  expect(await fixture.database.migrate([FIRST, SECOND])).toEqual(['0002-second']);
  expect(await fixture.database.migrate([FIRST, SECOND])).toEqual([]);
  expect(await tables()).toEqual(['first', 'second', 'souk_migration']);
});

test('a migration that fails leaves nothing behind', async () => {
  await expect(fixture.database.migrate([FIRST, SECOND, BROKEN])).rejects.toThrow(/already exists/u);
  expect(await tables()).toEqual(['first', 'second', 'souk_migration']);
});

test('a database of a newer release is refused and not touched', async () => {
  expect(await codeOf(() => fixture.database.migrate([FIRST]))).toBe('database_schema_newer');
});
