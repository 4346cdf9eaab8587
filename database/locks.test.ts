import { afterAll, beforeAll, expect, test } from 'vitest';
import { startTestDatabase, type TestDatabase } from '../tests/support/database.ts';
import { takeLocks, type NamedLock } from './locks.ts';

const INSTANCE = { kind: 'instance' } as const;
let fixture: TestDatabase;

beforeAll(async () => {
  fixture = await startTestDatabase([], 'empty');
});

afterAll(() => fixture.drop());

function exclusive(name: string): NamedLock {
  return { name, mode: 'exclusive' };
}

function shared(name: string): NamedLock {
  return { name, mode: 'shared' };
}

/** Takes the locks in a transaction that goes on until it is told to end. */
async function hold(locks: readonly [NamedLock, ...NamedLock[]]): Promise<{ end: () => Promise<void> }> {
  const taken = Promise.withResolvers<void>();
  const told = Promise.withResolvers<void>();
  const transaction = fixture.database.transaction(INSTANCE, async (tx) => {
    await takeLocks(tx, locks);
    taken.resolve();
    await told.promise;
  });
  await Promise.race([taken.promise, transaction]);
  return {
    end: async () => {
      told.resolve();
      await transaction;
    },
  };
}

/** Whether a transaction that takes the locks would have to wait for another. */
async function isTaken(lock: NamedLock): Promise<boolean> {
  const suffix = lock.mode === 'shared' ? '_shared' : '';
  return fixture.database.transaction(INSTANCE, async ({ em }) => {
    const [row] = await em.execute<{ free: boolean }[]>(
      `select pg_try_advisory_xact_lock${suffix}(hashtextextended(?, 0)) as free`,
      [lock.name],
    );
    return row?.free !== true;
  });
}

test('every one of them is held until the transaction ends', async () => {
  const held = await hold([shared('keys'), exclusive('plugin'), exclusive('blob')]);
  expect(await Promise.all(['keys', 'plugin', 'blob'].map((name) => isTaken(exclusive(name))))).toEqual([
    true,
    true,
    true,
  ]);
  await held.end();
  expect(await Promise.all(['keys', 'plugin', 'blob'].map((name) => isTaken(exclusive(name))))).toEqual([
    false,
    false,
    false,
  ]);
});

test('a shared one is had by many, and by nobody while one has it alone', async () => {
  const many = await hold([shared('a')]);
  expect(await isTaken(shared('a'))).toBe(false);
  await many.end();
  const alone = await hold([exclusive('a')]);
  expect(await isTaken(shared('a'))).toBe(true);
  await alone.end();
});

test('what is read afterwards is what the holder before left', async () => {
  await fixture.database.transaction(INSTANCE, ({ em }) =>
    em.execute('create table counter as select 0 as value'),
  );
  await Promise.all(
    Array.from({ length: 10 }, () =>
      fixture.database.transaction(INSTANCE, async (tx) => {
        await takeLocks(tx, [shared('counters'), exclusive('counter')]);
        const [row] = await tx.em.execute<{ value: number }[]>('select value from counter');
        await tx.em.execute('update counter set value = ?', [(row?.value ?? 0) + 1]);
      }),
    ),
  );
  const rows = await fixture.database.transaction(INSTANCE, ({ em }) =>
    em.execute('select value from counter'),
  );
  expect(rows).toEqual([{ value: 10 }]);
});
