import { randomUUIDv7 } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { carryOutRequest, startFixture, type Fixture } from '../../tests/support/installations.ts';
import type { JsonValue } from '../../spec/json.ts';
import { KV_LIMITS } from '../../spec/limits.ts';
import { createKeyValueStore, KV_ENTITIES, type KvNamespace } from './index.ts';

let fixture: Fixture;
let store: ReturnType<typeof createKeyValueStore>;
let mine: KvNamespace;
let theirs: KvNamespace;

beforeAll(async () => {
  fixture = await startFixture(KV_ENTITIES);
  store = createKeyValueStore(fixture.database);
  await fixture.publish({ id: 'house/counter', version: '1.0.0' });
  mine = await install('club');
  theirs = await install('rival');
});

beforeEach(() => fixture.test.superuser.query('truncate kv_entry, kv_usage'));

afterAll(() => fixture.close());

async function install(slug: string): Promise<KvNamespace> {
  const org = await fixture.org(slug);
  await carryOutRequest(fixture, org, { kind: 'install', plugin: 'house/counter' });
  const [view] = await fixture.installations.list(org.id);
  return { orgId: org.id, installationId: view?.id ?? '' };
}

async function read(namespace: KvNamespace, key: string): Promise<JsonValue | undefined> {
  const [entry] = await store.getMany(namespace, [key]);
  return entry?.value;
}

async function usage({ installationId }: KvNamespace): Promise<{ keys: number; bytes: number }> {
  const { rows } = await fixture.test.superuser.query<{
    keys: string;
    bytes: string;
    counted: string;
    sized: string;
  }>(
    `select keys, bytes, (select count(*) from kv_entry where installation_id = $1) as counted,
       (select coalesce(sum(octet_length(key) + octet_length(value)), 0) from kv_entry where installation_id = $1) as sized
     from kv_usage where installation_id = $1`,
    [installationId],
  );
  const [row] = rows;
  expect([Number(row?.keys), Number(row?.bytes)]).toEqual([Number(row?.counted), Number(row?.sized)]);
  return { keys: Number(row?.keys), bytes: Number(row?.bytes) };
}

describe('values', () => {
  it('read at the same time stay with their organization and their key', async () => {
    const keys = Array.from({ length: 40 }, (_, index) => `key-${index}`);
    for (const key of keys) {
      await store.set(mine, key, `mine ${key}`);
      await store.set(theirs, key, `theirs ${key}`);
    }
    const asked = keys.flatMap((key) => [read(mine, key), read(theirs, key), read(mine, `${key}-absent`)]);
    expect(await Promise.all(asked)).toEqual(
      keys.flatMap((key) => [`mine ${key}`, `theirs ${key}`, undefined]),
    );
  });

  it('that were written are seen by every read after, however many are under way', async () => {
    for (let round = 0; round < 20; round += 1) {
      const before = [read(mine, 'seen'), read(mine, 'other')];
      await store.set(mine, 'seen', round);
      expect(await Promise.all([read(mine, 'seen'), read(mine, 'seen')])).toEqual([round, round]);
      await Promise.all(before);
    }
  });

  it('come back as they were written, whatever JSON they are', async () => {
    await fc.assert(
      fc.asyncProperty(fc.jsonValue(), async (value) => {
        const written = JSON.parse(JSON.stringify(value)) as JsonValue;
        await store.set(mine, 'any', written);
        expect(await read(mine, 'any')).toEqual(written);
      }),
      { numRuns: 100 },
    );
    await store.set(mine, 'order', { b: '\0', a: '\ud800' });
    expect(JSON.stringify(await read(mine, 'order'))).toBe('{"b":"\\u0000","a":"\\ud800"}');
  });

  it('are read many at once, in the order asked, each once, absent ones left out', async () => {
    await store.set(mine, 'a', 1);
    await store.set(mine, 'b', null);
    const entries = await store.getMany(mine, ['b', 'none', 'a', 'b', '__proto__']);
    expect(entries.map(({ key, value }) => [key, value])).toEqual([
      ['b', null],
      ['a', 1],
    ]);
  });

  it('are gone when their time is over, and make room', async () => {
    await store.set(mine, 'brief', 1, { ttlMs: 1 });
    await sleep(20);
    expect(await read(mine, 'brief')).toBeUndefined();
    expect((await store.list(mine, {})).keys).toEqual([]);
    expect(await store.delete(mine, ['brief'])).toBe(0);
    expect(await usage(mine)).toEqual({ keys: 0, bytes: 0 });
  });
});

describe('the sweep', () => {
  it('deletes what has expired, of every organization, and counts it off', async () => {
    for (const namespace of [mine, theirs]) {
      await store.set(namespace, 'brief', 1, { ttlMs: 1 });
      await store.set(namespace, 'kept', 1, { ttlMs: 60_000 });
    }
    await sleep(20);
    expect(await store.sweep()).toBe(2);
    expect(await store.sweep()).toBe(0);
    expect((await usage(theirs)).keys).toBe(1);
  });
});

describe('organizations', () => {
  it('see their own data only, also with the installation id of another', async () => {
    await store.set(mine, 'secret', 'mine');
    expect(await read(theirs, 'secret')).toBeUndefined();
    const forged = { orgId: theirs.orgId, installationId: mine.installationId };
    expect(await read(forged, 'secret')).toBeUndefined();
    expect((await store.list(forged, {})).keys).toEqual([]);
    expect(await store.delete(forged, ['secret'])).toBe(0);
    await store.set(forged, 'secret', 'forged');
    expect(await read(mine, 'secret')).toBe('mine');
  });

  it('leave nothing behind on a connection for the next statement', async () => {
    await store.set(mine, 'a', 1);
    await Promise.all(Array.from({ length: 20 }, () => read(mine, 'a')));
    expect(await fixture.database.orm.em.fork().execute('select * from kv_entry')).toEqual([]);
  });
});

describe('listing', () => {
  it('pages through a prefix in the order of bytes', async () => {
    const keys = ['b:1', 'a:%', 'a:_', 'a:é', 'a:', 'A:1', 'a', 'a:zz'];
    for (const key of keys) await store.set(mine, key, 0);
    const first = await store.list(mine, { prefix: 'a:', limit: 3 });
    expect(first).toEqual({ keys: ['a:', 'a:%', 'a:_'], next: 'a:_' });
    const second = await store.list(mine, { prefix: 'a:', after: 'a:_', limit: 3 });
    expect(second).toEqual({ keys: ['a:zz', 'a:é'], next: null });
  });
});

describe('compare and set', () => {
  it('writes over the expected version only, and tells the one that stands', async () => {
    const first = await store.set(mine, 'n', 1, { expectedVersion: 0 });
    expect(first.kind).toBe('stored');
    expect(await store.set(mine, 'n', 2, { expectedVersion: 0 })).toEqual({
      kind: 'conflict',
      version: first.version,
    });
    const second = await store.set(mine, 'n', 3, { expectedVersion: first.version });
    expect(second.version).toBeGreaterThan(first.version);
    expect(await store.set(mine, 'absent', 1, { expectedVersion: 7 })).toEqual({
      kind: 'conflict',
      version: 0,
    });
  });

  it('loses no increment of eight writers at once', async () => {
    const increment = async (): Promise<void> => {
      for (;;) {
        const [entry] = await store.getMany(mine, ['sum']);
        const next = Number(entry?.value ?? 0) + 1;
        const write = await store.set(mine, 'sum', next, { expectedVersion: entry?.version ?? 0 });
        if (write.kind === 'stored') return;
      }
    };
    await Promise.all(
      Array.from({ length: 8 }, async () => {
        for (let n = 0; n < 5; n += 1) await increment();
      }),
    );
    expect(await read(mine, 'sum')).toBe(40);
    expect(await usage(mine)).toMatchObject({ keys: 1 });
  });
});

describe('the quota', () => {
  const fill = (keys: number, bytes: number): Promise<unknown> =>
    fixture.test.superuser.query('update kv_usage set keys = $1, bytes = $2 where installation_id = $3', [
      keys,
      bytes,
      mine.installationId,
    ]);

  it('counts keys and bytes exactly over writes, overwrites and deletes at once', async () => {
    const keys = ['a', 'bb', 'ccc', 'é'];
    await Promise.all(
      Array.from({ length: 60 }, (_, n) => {
        const key = keys[n % keys.length] ?? '';
        return n % 5 === 4 ? store.delete(mine, [key, 'a']) : store.set(mine, key, 'x'.repeat(n));
      }),
    );
    await usage(mine);
  });

  it('refuses what is beyond it, and still takes what makes less of it', async () => {
    await store.set(mine, 'a', 'long enough');
    await fill(KV_LIMITS.keysMax, KV_LIMITS.totalBytesMax);
    await expect(store.set(mine, 'new', 1)).rejects.toMatchObject({ code: 'kv_quota_exceeded' });
    await expect(store.set(mine, 'a', 'longer than it was before')).rejects.toMatchObject({
      code: 'kv_quota_exceeded',
    });
    expect((await store.set(mine, 'a', 1)).kind).toBe('stored');
  });

  it('makes room of what has expired before it refuses', async () => {
    await store.set(mine, 'brief', 1, { ttlMs: 1 });
    await fill(KV_LIMITS.keysMax, 100);
    await sleep(20);
    expect((await store.set(mine, 'new', 1)).kind).toBe('stored');
  });
});

describe('what is no key, value or number', () => {
  it.each([
    ['an empty key', '', 1, {}, 'kv_key_invalid'],
    ['a key with U+0000', 'a\0b', 1, {}, 'kv_key_invalid'],
    ['half a surrogate pair', 'a\ud800', 1, {}, 'kv_key_invalid'],
    ['a key of 513 bytes', 'é'.repeat(257), 1, {}, 'kv_key_invalid'],
    ['a value beyond the limit', 'a', 'x'.repeat(KV_LIMITS.valueBytesMax), {}, 'kv_value_too_large'],
    ['a time to live of NaN', 'a', 1, { ttlMs: Number.NaN }, 'kv_request_invalid'],
    ['a time to live of 0', 'a', 1, { ttlMs: 0 }, 'kv_request_invalid'],
    ['a time to live beyond dates', 'a', 1, { ttlMs: 2 ** 53 - 1 }, 'kv_request_invalid'],
    ['half a version', 'a', 1, { expectedVersion: 0.5 }, 'kv_request_invalid'],
  ] as const)('%s is refused', async (_name, key, value, options, code) => {
    await expect(store.set(mine, key, value, options)).rejects.toMatchObject({ code });
  });

  it('refuses 101 keys at once and a page of 1,001', async () => {
    const keys = Array.from({ length: 101 }, (_, n) => `k${n}`);
    await expect(store.getMany(mine, keys)).rejects.toMatchObject({ code: 'kv_request_invalid' });
    await expect(store.list(mine, { limit: 1_001 })).rejects.toMatchObject({ code: 'kv_request_invalid' });
  });

  it('takes no data for an installation that is not there', async () => {
    const gone = { orgId: mine.orgId, installationId: randomUUIDv7() };
    await expect(store.set(gone, 'a', 1)).rejects.toThrow();
  });
});
