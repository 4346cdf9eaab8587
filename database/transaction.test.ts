import { randomUUIDv7 } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startTestDatabase, type TestDatabase } from '../tests/support/database.ts';
import { tenantTableSql } from './row-security.ts';

const ORG_A = randomUUIDv7();
const ORG_B = randomUUIDv7();
let fixture: TestDatabase;

beforeAll(async () => {
  fixture = await startTestDatabase([], 'empty');
  await fixture.database.transaction({ kind: 'instance' }, async ({ em }) => {
    await em.execute('create table note (org_id uuid not null, text text not null)');
    for (const sql of tenantTableSql('note')) await em.execute(sql);
    await em.execute('insert into note values (?, ?), (?, ?)', [ORG_A, 'of a', ORG_B, 'of b']);
  });
});

afterAll(() => fixture.drop());

async function notesOf(orgId: string): Promise<string[]> {
  return fixture.database.transaction({ kind: 'org', orgId }, async ({ em }) => {
    const rows = await em.execute<{ text: string }[]>('select text from note order by text');
    return rows.map(({ text }) => text);
  });
}

test('an organization sees its own rows only', async () => {
  expect(await notesOf(ORG_A)).toEqual(['of a']);
  expect(await notesOf(ORG_B)).toEqual(['of b']);
  expect(await notesOf(randomUUIDv7())).toEqual([]);
});

test('two hundred interleaved transactions never see a foreign row', async () => {
  const seen = await Promise.all(
    Array.from({ length: 200 }, (_, index) => notesOf(index % 2 === 0 ? ORG_A : ORG_B)),
  );
  expect(
    seen.every((notes, index) => notes[0] === (index % 2 === 0 ? 'of a' : 'of b') && notes.length === 1),
  ).toBe(true);
});

test('without a scope no row is seen, also on a connection that had one before', async () => {
  await notesOf(ORG_A);
  for (let round = 0; round < 10; round += 1) {
    expect(await fixture.database.orm.em.fork().execute('select * from note')).toEqual([]);
  }
});

test('writing a row of another organization is refused by the database', async () => {
  const foreign = fixture.database.transaction({ kind: 'org', orgId: ORG_A }, ({ em }) =>
    em.execute('insert into note values (?, ?)', [ORG_B, 'planted']),
  );
  await expect(foreign).rejects.toThrow(/row-level security/u);
});

test('an error rolls back, and work after the commit is not done', async () => {
  let followed = false;
  const failing = fixture.database.transaction({ kind: 'org', orgId: ORG_A }, async (tx) => {
    tx.afterCommit(() => (followed = true));
    await tx.em.execute('insert into note values (?, ?)', [ORG_A, 'lost']);
    throw new TypeError('on purpose');
  });
  await expect(failing).rejects.toThrow('on purpose');
  expect(followed).toBe(false);
  expect(await notesOf(ORG_A)).toEqual(['of a']);
});

test('an organization id that is no UUID is a fault', async () => {
  await expect(notesOf("' or true --")).rejects.toThrow('no UUID');
});
