/** Whom a sync adds and removes; the whole of it runs in tests/seeds/gims.test.ts, on a real server. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createTestHost } from 'souk/sdk/testing';
import manifest from '../manifest.json' with { type: 'json' };
import { differenceOf } from './difference.ts';
import { keepLink, openMemory } from './memory.ts';

const ids = (...list: string[]): ReadonlySet<string> => new Set(list);

describe('the difference', () => {
  it('adds who is missing, removes whom it added itself, and nobody else', () => {
    const present = [{ id: '1', name: 'ada' }, { id: '2', name: 'eve' }, { id: '3' }];
    expect(differenceOf(['@Ada', 'bob'], present, ids('ada', 'eve'))).toEqual({
      add: ['bob'],
      remove: [{ id: '2', addedAs: 'eve' }],
      gone: [],
    });
  });

  it('keeps a person who is wanted by id and was added by name', () => {
    expect(differenceOf(['1'], [{ id: '1', name: 'ada' }], ids('ada'))).toEqual({
      add: [],
      remove: [],
      gone: [],
    });
  });

  it('ends: after it nothing is left to do, and who was there from elsewhere still is', () => {
    const name = fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f');
    const names = fc.uniqueArray(name);
    fc.assert(
      fc.property(names, names, names, (wanted, there, addedBefore) => {
        const added = ids(...addedBefore);
        const first = differenceOf(
          wanted,
          there.map((id) => ({ id })),
          added,
        );
        const gone = ids(...first.remove.map(({ id }) => id));
        const after = [...there.filter((id) => !gone.has(id)), ...first.add];
        const again = differenceOf(
          wanted,
          after.map((id) => ({ id })),
          ids(...addedBefore.filter((id) => !gone.has(id)), ...first.add),
        );
        expect(again).toMatchObject({ add: [], remove: [] });
        const others = there.filter((id) => !added.has(id));
        expect(after).toEqual(expect.arrayContaining(others));
        expect(new Set(after)).toEqual(new Set([...others, ...wanted]));
      }),
    );
  });
});

describe('the memory', () => {
  it('keeps long lists in several values, and forgets what is no longer in them', async () => {
    const souk = createTestHost({ manifest });
    const many = Array.from({ length: 1_000 }, (_, index) => `student-${index}@${'x'.repeat(180)}`);
    await souk.run(async (host) => (await openMemory(host)).keepAdded('o/p', ids(...many)));
    const read = await souk.run(async (host) => [...(await (await openMemory(host)).addedTo('o/p'))]);
    expect((read as string[]).toSorted()).toEqual(many.toSorted());
    await souk.run(async (host) => (await openMemory(host)).keepAdded('o/p', ids('ada')));
    expect(await souk.run(async (host) => [...(await (await openMemory(host)).addedTo('o/p'))])).toEqual([
      'ada',
    ]);
  });

  it('knows who a member is on one platform, whatever the letters of the address', async () => {
    const souk = createTestHost({ manifest });
    const idOf = (platform: string) =>
      souk.run(async (host) => (await openMemory(host)).idOf(platform, 'ada@example.org'));
    await souk.run((host) => keepLink(host, 'gims/discord', 'Ada@Example.org', 'ada'));
    expect([await idOf('gims/discord'), await idOf('gims/google-groups')]).toEqual([
      'ada',
      'ada@example.org',
    ]);
    await souk.run((host) => keepLink(host, 'gims/discord', 'ada@example.org', ''));
    expect(await idOf('gims/discord')).toBe('ada@example.org');
  });

  it('goes on without its permission, and says so', async () => {
    const souk = createTestHost({ manifest, deny: ['kv'] });
    const seen = await souk.run(async (host) => {
      const memory = await openMemory(host);
      await memory.keepAdded('o/p', ids('ada'));
      return [[...(await memory.addedTo('o/p'))], await memory.groupsOf('o'), memory.denied()];
    });
    expect(seen).toEqual([[], null, expect.stringContaining('nobody is removed')]);
    expect(souk.lines).toHaveLength(1);
  });
});
