/** The OpenAPI document of an organization: what its active plugins answer, and no more than the reader may call. */
import { expect, it } from 'vitest';
import { testSouk } from '../support/test-souk.ts';

const souk = await testSouk();
const org = await souk.org('readers');
const stranger = await souk.org('strangers');
const publisher = await souk.publisher('kelompok', org);
const SCHEMA = { type: 'object', required: ['n'], properties: { n: { type: 'integer' } } };
await publisher.ship({
  id: 'kelompok/shown',
  endpoints: [
    { method: 'GET', path: '/things/:thing/*', access: 'public', summary: 'A thing.' },
    { method: 'GET', path: '/same/:one', access: 'public' },
    { method: 'PUT', path: '/same/:other', access: 'public' },
    { method: 'POST', path: '/things', access: 'member', request: SCHEMA, response: SCHEMA },
    { method: 'DELETE', path: '/things', access: 'admin' },
  ],
});
await org.install('kelompok/shown');

const BASE = '/orgs/readers/p/kelompok/shown/things';
const SAME = '/orgs/readers/p/kelompok/shown/same/{one}';

it('shows paths, parameters and schemas to who may call them', async () => {
  const { status, json } = await org.owner.get(org.path('/openapi.json'));
  expect(status).toBe(200);
  expect(Object.keys(json.paths).sort()).toEqual([SAME, BASE, `${BASE}/{thing}/{rest}`]);
  expect(Object.keys(json.paths[BASE]).sort()).toEqual(['delete', 'post']);
  expect(json.paths[BASE].post).toMatchObject({
    security: [{ token: [] }],
    requestBody: { content: { 'application/json': { schema: SCHEMA } } },
    responses: { '2XX': { content: { 'application/json': { schema: SCHEMA } } } },
  });
  const { get } = json.paths[`${BASE}/{thing}/{rest}`];
  expect(get.parameters.map(({ name }: { name: string }) => name)).toEqual(['thing', 'rest']);
  expect(get).not.toHaveProperty('security');
});

it('says of one path one thing, however its endpoints name its parameters', async () => {
  const { json } = await org.owner.get(org.path('/openapi.json'));
  for (const method of ['get', 'put'])
    expect(json.paths[SAME][method].parameters).toMatchObject([{ name: 'one', in: 'path' }]);
});

it('tells a refusal of Souk from what the schema describes', async () => {
  const { json } = await org.owner.get(org.path('/openapi.json'));
  const { content } = json.paths[BASE].post.responses.default;
  const { $ref } = content['application/problem+json'].schema;
  const refused = await souk.anyone.post(BASE, { n: 1 });
  expect(refused.status).toBe(401);
  expect(refused.json).toMatchObject(
    Object.fromEntries(
      json.components.schemas[$ref.split('/').at(-1)].required.map((name: string) => [
        name,
        expect.anything(),
      ]),
    ),
  );
});

it('hides from a member what is for administrators', async () => {
  const member = await souk.user('A member');
  const added = await org.owner.put(org.path(`/members/${member.id}`), { role: 'member' });
  expect(added.status, added.text).toBeLessThan(300);
  const { json } = await member.client.get(org.path('/openapi.json'));
  expect(Object.keys(json.paths[BASE])).toEqual(['post']);
});

it('shows nothing to others, and nothing of a plugin that is not active', async () => {
  expect((await stranger.owner.get(org.path('/openapi.json'))).status).toBe(404);
  expect((await stranger.owner.get(stranger.path('/openapi.json'))).json.paths).toEqual({});
  expect((await org.step('kelompok/shown', 'deactivate', {})).status).toBe(200);
  expect((await org.owner.get(org.path('/openapi.json'))).json.paths).toEqual({});
});
