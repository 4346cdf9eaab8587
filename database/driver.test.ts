import { PostgreSqlPlatform } from '@mikro-orm/postgresql';
import fc from 'fast-check';
import { escapeLiteral } from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startTestDatabase, type TestDatabase } from '../tests/support/database.ts';
import { quoteLiteral } from './driver.ts';

let fixture: TestDatabase;

beforeAll(async () => {
  fixture = await startTestDatabase([]);
});
afterAll(() => fixture.drop());

/** Much of what ends a literal, or lengthens it. PostgreSQL's text has no U+0000 and no half of a surrogate pair. */
const text = fc
  .array(
    fc.oneof(
      fc.constantFrom("'", '\\', "\\'", 'E', '?', '\n', '--', '$$', '\u2019'),
      fc.string({ unit: 'binary' }),
    ),
  )
  .map((parts) => parts.join('').replaceAll('\0', ''));

test('a literal is what PostgreSQL’s own client and the ORM make of the text', () => {
  const platform = new PostgreSqlPlatform();
  fc.assert(
    fc.property(text, (value) => {
      expect(quoteLiteral(value)).toBe(escapeLiteral(value));
      expect(quoteLiteral(value)).toBe(platform.escape(value));
    }),
  );
});

test('every text comes back as it was sent', async () => {
  const all = fc.sample(text, 200);
  const rows = await fixture.database.transaction({ kind: 'instance' }, ({ em }) =>
    em.execute<{ value: string }[]>(
      `select value from unnest(array[${all.map(() => '?').join(', ')}]) as value`,
      all,
    ),
  );
  expect(rows.map(({ value }) => value)).toEqual(all);
});

test('the ORM quotes with it, also what is in lists', () => {
  const platform = fixture.database.orm.em.getPlatform();
  expect(Object.hasOwn(platform, 'escape')).toBe(true);
  expect(platform.escape(["it's", 1n, 'a\\b'])).toBe(String.raw`'it''s', '1',  E'a\\b'`);
});
