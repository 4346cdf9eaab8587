import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestDatabase, type TestDatabase } from '../../tests/support/database.ts';
import { REGISTRY_ENTITIES } from '../entities/index.ts';
import { keepAnswer, releaseKey, sweepKeys, takeKey } from './index.ts';

const NOW = new Date('2026-06-01T00:00:00Z');
const later = (ms: number): Date => new Date(NOW.getTime() + ms);
const DAY_MS = 24 * 60 * 60_000;

let test: TestDatabase;

beforeAll(async () => {
  test = await startTestDatabase(REGISTRY_ENTITIES);
});
afterAll(() => test.drop());

const request = (key: string, changes: object = {}) => ({
  owner: 'user:1',
  key,
  requestDigest: 'a',
  ...changes,
});
const answer = { status: 201, response: { id: 'kelompok/hello' } };

describe('takeKey', () => {
  it('gives the same request the answer that the first one left, and each owner their own', async () => {
    const { database } = test;
    expect(await takeKey(database, request('k1'), NOW)).toEqual({ kind: 'first' });
    await keepAnswer(database, request('k1'), answer, NOW);
    expect(await takeKey(database, request('k1'), later(1))).toEqual({ kind: 'known', ...answer });
    expect(await takeKey(database, request('k1', { owner: 'user:2' }), NOW)).toEqual({ kind: 'first' });
  });

  it('refuses another request under the key', async () => {
    await takeKey(test.database, request('k2'), NOW);
    await expect(takeKey(test.database, request('k2', { requestDigest: 'b' }), NOW)).rejects.toMatchObject({
      code: 'idempotency_key_reused',
    });
  });

  it('lets one of many at once work, on two servers', async () => {
    const other = await test.open();
    const tries = Array.from({ length: 12 }, (_, index) =>
      takeKey(index % 2 === 0 ? test.database : other, request('k3'), NOW),
    );
    const results = await Promise.allSettled(tries);
    expect(results.filter((result) => result.status === 'fulfilled')).toHaveLength(1);
    const codes = results.flatMap((result) => (result.status === 'rejected' ? [result.reason.code] : []));
    expect(new Set(codes)).toEqual(new Set(['idempotency_key_in_use']));
  });

  it('takes a request for dead whose server never answered, and one that gave its key back for new', async () => {
    await takeKey(test.database, request('k4'), NOW);
    expect(await takeKey(test.database, request('k4'), later(6 * 60_000))).toEqual({ kind: 'first' });
    await releaseKey(test.database, request('k4'));
    expect(await takeKey(test.database, request('k4'), later(6 * 60_000))).toEqual({ kind: 'first' });
  });

  it('takes the same request over, and no other, when the server at work on it is gone', async () => {
    const other = await test.open();
    const soon = later(10_000);
    await takeKey(other, request('k6'), NOW);
    await takeKey(other, request('k7'), NOW);
    await expect(takeKey(test.database, request('k6'), soon)).rejects.toMatchObject({
      code: 'idempotency_key_in_use',
    });
    await other.close();
    const isTaken = () => takeKey(test.database, request('k6'), soon).catch(({ code }) => code);
    await expect.poll(isTaken).toEqual({ kind: 'first' });
    await expect(takeKey(test.database, request('k6'), later(20_000))).rejects.toMatchObject({
      code: 'idempotency_key_in_use',
    });
    await expect(takeKey(test.database, request('k7', { requestDigest: 'b' }), soon)).rejects.toMatchObject({
      code: 'idempotency_key_reused',
    });
    await expect(takeKey(test.database, request('k7'), later(1_000))).rejects.toMatchObject({
      code: 'idempotency_key_in_use',
    });
  });

  it('forgets answers after a day', async () => {
    await takeKey(test.database, request('k5'), NOW);
    await keepAnswer(test.database, request('k5'), answer, NOW);
    expect(await takeKey(test.database, request('k5'), later(DAY_MS))).toEqual({ kind: 'first' });
    expect(await sweepKeys(test.database, later(3 * DAY_MS))).toBeGreaterThan(0);
    expect(await sweepKeys(test.database, later(3 * DAY_MS))).toBe(0);
  });

  it.each(['', ' a', 'a\n', 'ä', 'x'.repeat(256), 'a\0'])('refuses the key %j', async (key) => {
    await expect(takeKey(test.database, request(key), NOW)).rejects.toMatchObject({
      code: 'idempotency_key_invalid',
    });
  });
});
