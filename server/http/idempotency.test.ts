import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Principal } from '../../identity/index.ts';
import { REGISTRY_ENTITIES } from '../../registry/entities/index.ts';
import { Fault, Refusal } from '../../spec/refusal.ts';
import { startTestDatabase, type TestDatabase } from '../../tests/support/database.ts';
import { createLogger } from '../log.ts';
import { answerOnce, type KeyedWrite } from './idempotency.ts';
import type { Answer } from './route.ts';

let test: TestDatabase;
beforeAll(async () => {
  test = await startTestDatabase(REGISTRY_ENTITIES);
});
afterAll(() => test.drop());

const ports = () => ({ database: test.database, log: createLogger('silent') });

function writeOf(key: string, body: unknown = { name: 'ci' }): KeyedWrite {
  return {
    route: { method: 'POST', path: '/api/v1/tokens' },
    key,
    secret: 'souk_of-the-caller',
    principal: { tokenId: 'one' } as Principal,
    requestId: 'request',
    input: { params: {}, query: {}, body },
  };
}

const secretAnswer: Answer = {
  status: 201,
  json: { secret: 'souk_shown-once' },
  headers: { location: '/x' },
};
const never = (): never => {
  throw new Fault('was done twice');
};

describe('answerOnce', () => {
  it('keeps nothing in the database that a reader of it could use', async () => {
    await answerOnce(ports(), writeOf('secret'), async () => secretAnswer);
    const { rows } = await test.superuser.query('select * from idempotency_entry');
    expect(JSON.stringify(rows)).toContain('sealed');
    expect(JSON.stringify(rows)).not.toContain('shown-once');
    const again = await answerOnce(ports(), writeOf('secret'), never);
    expect(again).toEqual({ kind: 'replayed', answer: secretAnswer });
  });

  it('gives no answer that was changed in the database', async () => {
    await answerOnce(ports(), writeOf('changed'), async () => secretAnswer);
    await test.superuser.query(
      `update idempotency_entry set response = jsonb_build_object('sealed', 'AAAA' || (response->>'sealed')) where key = 'changed'`,
    );
    await expect(answerOnce(ports(), writeOf('changed'), never)).rejects.toThrow();
  });

  it.each([
    ['a fault', new Fault('broken')],
    ['the database being away', new Refusal('database_unavailable', { detail: 'Away.' })],
    ['too many requests', new Refusal('rate_limited', { detail: 'Too many.' })],
  ])('lets a write be tried again after %s', async (name, error) => {
    const attempt = answerOnce(ports(), writeOf(name), async () => {
      throw error;
    });
    await expect(attempt).rejects.toBe(error);
    const again = await answerOnce(ports(), writeOf(name), async () => ({ status: 204 }));
    expect(again.kind).toBe('fresh');
  });

  it('takes an upload for the same whatever the boundary was, and for another with other bytes', async () => {
    const upload = (archive: string, envelope: string | null) =>
      writeOf('upload', {
        archive: Buffer.from(archive),
        envelope: envelope === null ? null : Buffer.from(envelope),
      });
    await answerOnce(ports(), upload('zip', 'dsse'), async () => ({ status: 201, json: {} }));
    expect((await answerOnce(ports(), upload('zip', 'dsse'), never)).kind).toBe('replayed');
    for (const other of [upload('zip', null), upload('zipdsse', null), upload('zi', 'pdsse')])
      await expect(answerOnce(ports(), other, never)).rejects.toMatchObject({
        code: 'idempotency_key_reused',
      });
  });
});
