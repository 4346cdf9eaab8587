/** Tokens that are none, or none any more: at the API and at the gateway, on public addresses too. */
import { createHash, randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { HttpClient } from '../support/http-client.ts';
import { testSouk } from '../support/test-souk.ts';

const souk = await testSouk();
const acme = await souk.org('acme');
const kelompok = await souk.publisher('kelompok', acme);
await kelompok.ship({ id: 'kelompok/hello', endpoints: [{ method: 'GET', path: '/*', access: 'member' }] });
await acme.install('kelompok/hello');
const good = acme.owner.token ?? '';

async function newToken(): Promise<{ secret: string; id: string }> {
  const { json } = await acme.owner.post('/api/v1/tokens', {
    name: 'test',
    scopes: ['orgs:read', 'plugins:call'],
  });
  return { secret: json.secret, id: json.token.id };
}

async function revokedToken(): Promise<string> {
  const { secret, id } = await newToken();
  expect((await new HttpClient(souk.process.url, secret).get('/api/v1/me')).status).toBe(200);
  expect((await acme.owner.delete(`/api/v1/tokens/${id}`)).status).toBe(204);
  return secret;
}

async function expiredToken(): Promise<string> {
  const { secret, id } = await newToken();
  await souk.superuser.query(`update token set expires_at = now() - interval '1 second' where id = $1`, [id]);
  return secret;
}

/** Of the right form, with a checksum that fits where the form has one, but never issued. */
async function unknownToken(): Promise<string> {
  const { secret, id } = await newToken();
  await souk.superuser.query(`update token set hash = $2 where id = $1`, [
    id,
    createHash('sha256').update(randomBytes(8)).digest(),
  ]);
  return secret;
}

const TOKENS: readonly [string, () => Promise<string>, string][] = [
  ['malformed', async () => 'souk_x', 'token_malformed'],
  [
    'with one letter changed',
    async () => `${good.slice(0, -1)}${good.endsWith('a') ? 'b' : 'a'}`,
    'token_malformed',
  ],
  ['unknown', unknownToken, 'token_unknown'],
  ['revoked', revokedToken, 'token_revoked'],
  ['expired', expiredToken, 'token_expired'],
];

describe('a wrong token', () => {
  it.each(TOKENS)('%s', async (_how, make, code) => {
    const caller = new HttpClient(souk.process.url, await make());
    const paths = [
      '/api/v1/me',
      '/api/v1/packages',
      acme.path('/installations'),
      acme.endpoint('kelompok/hello', '/'),
    ];
    for (const path of paths) {
      const answer = await caller.get(path);
      expect([path, answer.status, answer.json.code]).toEqual([path, 401, code]);
      expect(answer.headers.get('www-authenticate')).toBe('Bearer realm="souk"');
    }
  });

  it.each(['Basic dXNlcjpwYXNz', 'Bearer', 'Bearer a b', ''])(
    'no bearer token at all: "%s"',
    async (authorization) => {
      const answer = await souk.anyone.get('/api/v1/me', { authorization });
      expect([answer.status, answer.json.code]).toEqual([
        401,
        expect.stringMatching(/^token_malformed|authentication_required$/u),
      ]);
    },
  );

  it('with too small a scope is told which one it lacks', async () => {
    const { json } = await acme.owner.post('/api/v1/tokens', { name: 'small', scopes: ['orgs:read'] });
    const small = new HttpClient(souk.process.url, json.secret);
    const refused = await small.post(acme.path('/plans'), { kind: 'upgradeAll' });
    expect([refused.status, refused.json.code, refused.json.scope]).toEqual([
      403,
      'scope_missing',
      'orgs:admin',
    ]);
    expect((await small.get(acme.path('/installations'))).status).toBe(200);
    expect((await small.get(acme.endpoint('kelompok/hello', '/'))).status).toBe(404);
  });

  it('the right one works afterwards', async () => {
    expect((await acme.owner.get(acme.endpoint('kelompok/hello', '/'))).text).toBe('hello');
  });
});
