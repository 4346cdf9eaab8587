/** Every list of people and organizations over HTTP: in pages, and only for those whom it concerns. */
import { beforeAll, describe, expect, it } from 'vitest';
import type { HttpClient } from '../../tests/support/http-client.ts';
import { consentTo, type TestOrg } from '../../tests/support/test-org.ts';
import { TestPublisher } from '../../tests/support/test-publisher.ts';
import { testSouk, type TestSouk } from '../../tests/support/test-souk.ts';

let souk: TestSouk;
let org: TestOrg;
let users: { id: string; client: HttpClient }[];

beforeAll(async () => {
  souk = await testSouk();
  org = await souk.org('acme');
  users = await Promise.all(['Ada', 'Bo', 'Cy'].map((name) => souk.user(name)));
  for (const { id } of users) await org.owner.put(org.path(`/members/${id}`), { role: 'member' });
  for (const name of ['one', 'two', 'three']) await org.owner.post(org.path('/publishers'), { name });
  for (const name of ['a', 'b', 'c'])
    await org.owner.post('/api/v1/tokens', { name, scopes: ['orgs:read', 'tokens:manage'] });
});

type Item = Record<string, string>;

/** Walks a list two by two, and compares it with the list as a whole. */
async function walk(client: HttpClient, path: string): Promise<Item[]> {
  const items: Item[] = [];
  for (let cursor: string | null = ''; cursor !== null;) {
    const { status, json, text } = await client.get(`${path}?limit=2${cursor && `&cursor=${cursor}`}`);
    expect(status, text).toBe(200);
    expect(json.items.length).toBeLessThanOrEqual(2);
    items.push(...json.items);
    cursor = json.nextCursor;
  }
  const whole = await client.get(`${path}?limit=200`);
  expect(whole.json).toEqual({ items, nextCursor: null });
  return items;
}

const namesOf = (items: Item[]): unknown[] => items.map(({ name }) => name);

describe('lists in pages', () => {
  it('shows users to the administrators of the instance, oldest first', async () => {
    const listed = namesOf(await walk(souk.admin, '/api/v1/users'));
    expect(listed).toHaveLength(5);
    expect(listed).toEqual(expect.arrayContaining(['Owner of acme', 'Ada', 'Bo', 'Cy']));
    expect((await org.owner.get('/api/v1/users')).json.code).toBe('scope_missing');
  });

  it('shows members, publishers and organizations', async () => {
    const members = await walk(org.owner, org.path('/members'));
    expect(members).toHaveLength(4);
    expect(new Set(members.map(({ userId }) => userId)).size).toBe(4);
    expect(namesOf(await walk(org.owner, org.path('/publishers')))).toEqual(['one', 'three', 'two']);
    expect(namesOf(await walk(org.owner, '/api/v1/orgs'))).toEqual(['acme']);
  });

  it('shows tokens, newest first, without a secret', async () => {
    const tokens = await walk(org.owner, '/api/v1/tokens');
    expect(namesOf(tokens)).toEqual(['c', 'b', 'a', 'Owner of acme']);
    expect(JSON.stringify(tokens)).not.toMatch(/souk_|hash/u);
  });

  it.each(['/api/v1/users', '/api/v1/tokens', '/api/v1/orgs'])(
    'refuses a made-up cursor: %s',
    async (path) => {
      expect((await souk.admin.get(`${path}?cursor=!!`)).json.code).toBe('cursor_invalid');
      expect((await souk.admin.get(`${path}?limit=201`)).json.code).toBe('request_invalid');
    },
  );
});

describe('lists of plugins in pages', () => {
  const IDS = ['a', 'b', 'c'].map((name) => `one/${name}` as const);

  beforeAll(async () => {
    const key = new TestPublisher('one', org.owner);
    expect((await key.registerKey()).status).toBe(201);
    await key.ship(...IDS.map((id) => ({ id })));
    for (const id of IDS) {
      const { json: plan } = await org.plan({ kind: 'install', plugin: id });
      expect((await org.apply(plan.id, consentTo(plan))).status).toBe(201);
      expect((await org.owner.put(org.path(`/plugins/${id}/grants`), { grants: [] })).status).toBe(200);
    }
  });

  it('shows what is installed by name, and the receipts of one, newest first', async () => {
    const installed = await walk(org.owner, org.path('/installations'));
    expect(installed.map(({ plugin }) => plugin)).toEqual(IDS);
    for (let again = 0; again < 2; again += 1)
      await org.owner.put(org.path('/plugins/one/a/grants'), { grants: [] });
    const receipts = await walk(org.owner, org.path('/plugins/one/a/receipts'));
    expect(receipts).toHaveLength(4);
    const times = receipts.map(({ grantedAt }) => grantedAt);
    expect(times).toEqual(times.toSorted().toReversed());
  });

  it('shows what members asked for, open ones first', async () => {
    for (const plugin of IDS) await org.owner.post(org.path('/requests'), { plugin, reason: 'Please.' });
    const [newest] = await walk(org.owner, org.path('/requests'));
    const decision = { state: 'declined', answer: 'No.' };
    await org.owner.post(org.path(`/requests/${newest?.['id']}/decision`), decision);
    const requests = await walk(org.owner, org.path('/requests'));
    expect(requests.map(({ plugin, state }) => `${plugin} ${state}`)).toEqual([
      ...IDS.slice(0, -1)
        .toReversed()
        .map((id) => `${id} open`),
      'one/c declined',
    ]);
  });

  it('shows whom a plugin was granted, and what waits for review', async () => {
    await souk.admin.sendJson('PATCH', '/api/v1/packages/one/a/availability', { visibility: 'private' });
    for (const slug of ['guest-a', 'guest-b', 'guest-c']) {
      await souk.org(slug);
      expect((await souk.admin.send('PUT', `/api/v1/packages/one/a/grants/${slug}`)).status).toBe(204);
    }
    expect(await walk(souk.admin, '/api/v1/packages/one/a/grants')).toHaveLength(3);
    expect(await walk(souk.admin, '/api/v1/review')).toEqual([]);
  });

  it.each(['/installations', '/requests', '/plugins/one/a/receipts'])(
    'refuses a made-up cursor: %s',
    async (path) => {
      expect((await org.owner.get(org.path(`${path}?cursor=!!`))).json.code).toBe('cursor_invalid');
      expect((await org.owner.get(org.path(`${path}?limit=0`))).json.code).toBe('request_invalid');
    },
  );

  it('refuses a made-up cursor of what waits for review', async () => {
    expect((await souk.admin.get('/api/v1/review?cursor=x')).json.code).toBe('cursor_invalid');
  });
});

describe('one organization', () => {
  it('is shown to its members, and does not exist for others', async () => {
    const ada = users[0]?.client ?? org.owner;
    const { json } = await ada.get(org.path(''));
    expect(json).toMatchObject({ slug: 'acme', name: 'acme', unsignedPackages: 'refuse' });
    const other = await souk.org('other');
    expect((await other.owner.get(org.path(''))).json.code).toBe('not_found');
  });
});

describe('tokens of others', () => {
  it('are listed and revoked by administrators of the instance alone', async () => {
    const eve = await souk.user('Eve');
    const path = `/api/v1/users/${eve.id}/tokens`;
    const [token] = (await souk.admin.get(path)).json.items;
    expect((await org.owner.get(path)).json.code).toBe('scope_missing');
    expect((await org.owner.delete(`${path}/${token.id}`)).json.code).toBe('scope_missing');
    expect((await souk.admin.delete(`/api/v1/users/${users[0]?.id}/tokens/${token.id}`)).json.code).toBe(
      'not_found',
    );
    expect((await eve.client.get('/api/v1/me')).status).toBe(200);
    expect((await souk.admin.delete(`${path}/${token.id}`)).status).toBe(204);
    expect((await eve.client.get('/api/v1/me')).json.code).toBe('token_revoked');
    const nobody = `/api/v1/users/00000000-0000-7000-8000-000000000000/tokens`;
    expect((await souk.admin.get(nobody)).json.code).toBe('user_unknown');
  });
});
