/** A body that is held back while what its request was let in by is taken away: it is served by nothing stale. */
import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import { STREAM_LIMITS } from '../../spec/limits.ts';
import { openSocket } from '../support/raw-http.ts';
import { testSouk } from '../support/test-souk.ts';

const souk = await testSouk();
const acme = await souk.org('acme');
const kelompok = await souk.publisher('kelompok', acme);
const SLOW = 'kelompok/slow';
const draft = (version: string) => ({
  id: SLOW as typeof SLOW,
  version,
  code: `export default { fetch: async (request) => new Response('${version} ' + (await request.text())) };`,
  endpoints: [
    { method: 'POST', path: '/public', access: 'public' },
    { method: 'POST', path: '/member', access: 'member' },
  ] as const,
});
await kelompok.ship(draft('1.0.0'));
await acme.install(SLOW);
const PUBLIC = acme.endpoint(SLOW, '/public');
const activate = () => acme.step(SLOW, 'activate');

type Held = { readonly path: string; readonly token?: string | null; readonly body?: string };

/** Sends all but the body. @returns once the server waits for it: sends the body, and reads the answer */
async function hold({ path, token = null, body = '"late"' }: Held): Promise<() => Promise<string>> {
  const socket = await openSocket(souk.process.url);
  const lines = [
    `POST ${path} HTTP/1.1`,
    `Host: ${new URL(souk.process.url).host}`,
    'Connection: close',
    'Content-Type: application/json',
    `Content-Length: ${Buffer.byteLength(body)}`,
    // RFC 9110, section 10.1.1: what answers it is about to read.
    'Expect: 100-continue',
    ...(token === null ? [] : [`Authorization: Bearer ${token}`]),
  ];
  socket.write([...lines, '', ''].join('\r\n'));
  const [interim] = (await once(socket, 'data')) as [Buffer];
  expect(interim.toString()).toMatch(/^HTTP\/1\.1 100 /u);
  return async () => {
    socket.write(body);
    const chunks: Buffer[] = [];
    for await (const chunk of socket) chunks.push(chunk as Buffer);
    return Buffer.concat(chunks).toString();
  };
}

/** A member, whose right and token are about to go. */
async function member(name: string) {
  const user = await souk.user(name);
  const made = await acme.owner.put(acme.path(`/members/${user.id}`), { role: 'admin' });
  expect(made.status, made.text).toBe(204);
  expect((await user.client.get(acme.path('/members'))).status).toBe(200);
  return { token: user.client.token, path: acme.path(`/members/${user.id}`), id: user.id };
}

describe('a call of a plugin', () => {
  it('whose body comes late is served where nothing changed', async () => {
    expect(await (await hold({ path: PUBLIC }))()).toContain('1.0.0 "late"');
  });

  it('is not served by what was deactivated', async () => {
    const finish = await hold({ path: PUBLIC });
    expect((await acme.step(SLOW, 'deactivate')).status).toBe(200);
    expect(await finish()).toContain('"plugin_not_active"');
    expect((await activate()).status).toBe(200);
  });

  it('is served by the version that took the place of another', async () => {
    await kelompok.ship(draft('1.0.1'));
    const finish = await hold({ path: PUBLIC });
    expect((await acme.owner.post(acme.path(`/plugins/${SLOW}/upgrade`), {})).json.version).toBe('1.0.1');
    expect(await finish()).toContain('1.0.1 "late"');
  });

  it('is not served to who is no member any more', async () => {
    const { token, path } = await member('Leaver');
    const finish = await hold({ path: acme.endpoint(SLOW, '/member'), token });
    expect((await acme.owner.delete(path)).status).toBe(204);
    expect(await finish()).toContain('"not_found"');
  });

  it('in pieces is not served by what was uninstalled', async () => {
    // One byte more than is given whole: the refusal comes when all of it has been read, so nothing resets it.
    const finish = await hold({ path: PUBLIC, body: 'x'.repeat(STREAM_LIMITS.pieceBytesMax + 1) });
    expect((await acme.owner.delete(acme.path(`/plugins/${SLOW}`))).status).toBe(204);
    expect(await finish()).toContain('"not_found"');
  });
});

describe('a write', () => {
  const write = (token: string | null) =>
    hold({ path: acme.path('/publishers'), token, body: JSON.stringify({ name: 'stolen' }) });

  it('whose body comes late is done where nothing changed', async () => {
    const finish = await hold({
      path: acme.path('/publishers'),
      token: acme.owner.token,
      body: JSON.stringify({ name: 'unhurried' }),
    });
    expect(await finish()).toMatch(/^HTTP\/1\.1 201 /u);
  });

  it('is not done with a role that is gone', async () => {
    const { token, path } = await member('Demoted');
    const finish = await write(token);
    expect((await acme.owner.put(path, { role: 'member' })).status).toBe(204);
    expect(await finish()).toContain('"role_missing"');
  });

  it('is not done with a token that was revoked', async () => {
    const { token, id } = await member('Robbed');
    const { json } = await souk.admin.get(`/api/v1/users/${id}/tokens`);
    const finish = await write(token);
    const revoked = await souk.admin.delete(`/api/v1/users/${id}/tokens/${json.items[0].id}`);
    expect(revoked.status, revoked.text).toBe(204);
    expect(await finish()).toContain('"token_revoked"');
  });
});
