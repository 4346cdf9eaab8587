import { afterAll, beforeAll, expect, test } from 'vitest';
import { startTestDatabase, type TestDatabase } from '../tests/support/database.ts';
import { openDatabaseProxy } from '../tests/support/database-proxy.ts';
import { openDatabase, type Database } from './database.ts';

let fixture: TestDatabase;
let second: Database;

beforeAll(async () => {
  fixture = await startTestDatabase([], 'empty');
  second = await fixture.open();
});

afterAll(() => fixture.drop());

/** Listens and writes down everything that is told. */
async function listen(database: Database, channel: string): Promise<string[]> {
  const told: string[] = [];
  await database.notifications.listen(channel, {
    notified: (payload) => told.push(payload),
    lost: () => told.push('(lost)'),
    connected: () => told.push('(connected)'),
  });
  return told;
}

function notify(channel: string, payload: string): Promise<void> {
  return fixture.database.transaction({ kind: 'instance' }, (tx) => tx.notify(channel, payload));
}

test('a notification reaches this server before the transaction returns, and the others', async () => {
  const here = await listen(fixture.database, 'first');
  const there = await listen(second, 'first');
  await notify('first', 'a');
  expect(here).toContain('a');
  await expect.poll(() => there).toEqual(['(connected)', 'a']);
});

test('nothing is told of what was rolled back', async () => {
  const here = await listen(fixture.database, 'rolled_back');
  const failing = fixture.database.transaction({ kind: 'instance' }, async (tx) => {
    await tx.notify('rolled_back', 'never');
    throw new TypeError('on purpose');
  });
  await expect(failing).rejects.toThrow('on purpose');
  await notify('rolled_back', 'always');
  // Told at the commit, and once more by PostgreSQL: what comes in between would have come in this order.
  await expect.poll(() => here).toEqual(['(connected)', 'always', 'always']);
});

test('who stopped listening is not told', async () => {
  const told: string[] = [];
  const stop = await second.notifications.listen('stopped', { notified: (payload) => told.push(payload) });
  const after = await listen(second, 'stopped');
  stop();
  await notify('stopped', 'a');
  await expect.poll(() => after).toContain('a');
  expect(told).toEqual([]);
});

test('a line that is cut is told of, comes back, and hears again', async () => {
  const there = await listen(second, 'cut');
  // Resolves when they have ended: a connection of the pool that is about to would take the next transaction with it.
  await fixture.superuser.query(
    `select pg_terminate_backend(pid, 60000) from pg_stat_activity
      where pid <> pg_backend_pid() and datname = current_database()`,
  );
  await expect.poll(() => there).toEqual(['(connected)', '(lost)', '(connected)']);
  expect(second.notifications.state()).toBe('connected');
  await notify('cut', 'again');
  await expect.poll(() => there).toContain('again');
});

test('a line that takes no LISTEN is none, though it stays, and is tried again until it does', async () => {
  const wire = await openDatabaseProxy(fixture);
  const third = await openDatabase({ target: { kind: 'url', url: wire.url }, entities: [] });
  try {
    const before = await listen(third, 'before');
    expect(before).toEqual(['(connected)']);
    wire.refuseListen(true);
    const after = await listen(third, 'after');
    await expect.poll(() => third.notifications.state()).toBe('lost');
    expect([before, after]).toEqual([['(connected)', '(lost)'], ['(lost)']]);
    await expect(third.ping()).resolves.toBeUndefined();
    wire.refuseListen(false);
    await expect.poll(() => third.notifications.state()).toBe('connected');
    await notify('before', 'a');
    await notify('after', 'b');
    await expect.poll(() => before).toEqual(['(connected)', '(lost)', '(connected)', 'a']);
    await expect.poll(() => after).toEqual(['(lost)', '(connected)', 'b']);
  } finally {
    await third.close();
  }
});

test('a channel whose name would need quoting is a fault', async () => {
  const attempt = second.notifications.listen('a; drop table b', { notified: () => undefined });
  await expect(attempt).rejects.toThrow('quoting');
});
