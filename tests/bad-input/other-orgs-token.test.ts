/** A token of another organization learns as little as if this one did not exist: every route of the document. */
import { describe, expect, it } from 'vitest';
import { HttpClient, type Answer } from '../support/http-client.ts';
import { testSouk } from '../support/test-souk.ts';

const souk = await testSouk();
const acme = await souk.org('acme');
const other = await souk.org('other');
const kelompok = await souk.publisher('kelompok', acme);
await kelompok.ship({ id: 'kelompok/hello', endpoints: [{ method: 'GET', path: '/*', access: 'member' }] });
const hidden = await kelompok.publish({ id: 'kelompok/private' }, acme.path('/packages'));
expect(hidden.answer.status, hidden.answer.text).toBe(201);
await acme.install('kelompok/hello');
const { json: plan } = await acme.plan({ kind: 'upgradeAll' });
const { json: me } = await acme.owner.get('/api/v1/me');
const { json: document } = await souk.anyone.get('/openapi.json');

/** Values that exist, so that only the organization is in the way. */
const PARAMETERS: Readonly<Record<string, string>> = {
  publisher: 'kelompok',
  name: 'hello',
  version: '1.0.0',
  plan: plan.id,
  user: me.user.id,
  id: me.token.id,
};

type Operation = { readonly method: string; readonly path: string; readonly isForInstance: boolean };
type Described = { readonly description?: string };
const operations: readonly Operation[] = Object.entries<Record<string, Described>>(document.paths)
  .filter(([path]) => path.includes('{org}'))
  .flatMap(([path, item]) =>
    Object.entries(item).map(([method, { description }]) => ({
      method: method.toUpperCase(),
      path,
      isForInstance: description?.includes('instance admin') ?? false,
    })),
  );

function addressOf(path: string, org: string): string {
  return path.replaceAll(/\{([a-z]+)\}/giu, (_all, name: string) =>
    name === 'org' ? org : (PARAMETERS[name] ?? 'x'),
  );
}

async function ask(client: HttpClient, { method, path }: Operation, org: string): Promise<Answer> {
  return client.sendJson(
    method,
    addressOf(path, org),
    method === 'GET' || method === 'DELETE' ? undefined : {},
  );
}

/** All of an answer but what differs from request to request. */
function visible({ status, json }: Answer): unknown {
  const { requestId: _requestId, ...rest } = json ?? {};
  return { status, ...rest };
}

/** Of an administrator of both organizations, but made for the other one. */
async function boundToken(): Promise<HttpClient> {
  const { id, client } = await souk.user('both');
  for (const org of [acme, other]) await org.owner.put(org.path(`/members/${id}`), { role: 'admin' });
  expect((await client.get(acme.path('/installations'))).status).toBe(200);
  const scopes = ['orgs:read', 'orgs:admin', 'plugins:call', 'packages:publish'];
  const { json } = await client.post('/api/v1/tokens', { name: 'bound', scopes, orgId: other.id });
  return new HttpClient(souk.process.url, json.secret);
}

describe('another organization’s token', () => {
  it('meets routes at all', () => {
    expect(operations.length).toBeGreaterThan(20);
  });

  it.each(operations)('$method $path', async (operation) => {
    const here = await ask(other.owner, operation, 'acme');
    const nowhere = await ask(other.owner, operation, 'never-made');
    expect(visible(here)).toEqual(visible(nowhere));
    expect([here.status, here.json.code]).toEqual(
      operation.isForInstance ? [403, 'scope_missing'] : [404, 'not_found'],
    );
  });

  it('meets the same wall at the gateway and in the catalogue', async () => {
    const paths = (org: string): string[] => [
      `/orgs/${org}/p/kelompok/hello/`,
      `/api/v1/packages?org=${org}`,
      `/api/v1/packages/kelompok/private?org=${org}`,
      `/api/v1/packages/kelompok/private/versions/1.0.0/archive?org=${org}`,
    ];
    const [here, nowhere] = await Promise.all(
      ['acme', 'never-made'].map((org) => Promise.all(paths(org).map((path) => other.owner.get(path)))),
    );
    expect(here?.map(visible)).toEqual(nowhere?.map(visible));
    expect(here?.map(({ status }) => status)).toEqual([404, 404, 404, 404]);
  });

  it('does not act for its publishers', async () => {
    for (const path of ['key-challenges', 'keys']) {
      const answer = await other.owner.post(
        `/api/v1/publishers/kelompok/${path}`,
        path === 'keys' ? { document: {} } : undefined,
      );
      expect([path, answer.status, answer.json.code]).toEqual([path, 403, 'publisher_not_yours']);
    }
  });
});

describe('a token bound to another organization', async () => {
  const bound = await boundToken();
  it.each(operations)('$method $path', async (operation) => {
    const here = await ask(bound, operation, 'acme');
    expect(here.status).toBeOneOf([403, 404]);
    expect(visible(here)).toEqual(visible(await ask(bound, operation, 'never-made')));
  });
});

it('all of that changed nothing', async () => {
  const { json } = await acme.owner.get(acme.path('/installations'));
  expect(json.items).toEqual([expect.objectContaining({ plugin: 'kelompok/hello', state: 'active' })]);
  const { json: members } = await acme.owner.get(acme.path('/members'));
  expect(members.items.map(({ role }: { role: string }) => role).sort()).toEqual(['admin', 'owner']);
});
