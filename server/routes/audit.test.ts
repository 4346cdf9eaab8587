/** The audit log over HTTP and in the command: complete, paged, and no one can change it unseen. */
import { beforeAll, describe, expect, it } from 'vitest';
import { commandLine, type CommandLine } from '../../tests/support/command-line.ts';
import type { HttpClient } from '../../tests/support/http-client.ts';
import type { TestOrg } from '../../tests/support/test-org.ts';
import type { TestPublisher } from '../../tests/support/test-publisher.ts';
import { testSouk, type TestSouk } from '../../tests/support/test-souk.ts';

let souk: TestSouk;
let org: TestOrg;
let publisher: TestPublisher;
let admin: CommandLine;

beforeAll(async () => {
  souk = await testSouk();
  org = await souk.org('acme');
  publisher = await souk.publisher('kelompok', org);
  admin = commandLine(souk.process.url, souk.process.adminToken);
});

async function actions(client: HttpClient, path: string): Promise<string[]> {
  const { json } = await client.get(`${path}?limit=200`);
  return json.items.map(({ action }: { action: string }) => action);
}

async function verdict(path = '/api/v1/audit'): Promise<Record<string, unknown>> {
  return (await souk.admin.get(`${path}/verdict`)).json;
}

/** Until everything written is sealed. */
async function sealed(path: string): Promise<void> {
  await expect.poll(async () => (await verdict(path))['unsealed']).toBe(0);
}

describe('the log', () => {
  it('has every write of an author and an organization, in its own chain', async () => {
    const plugin = 'kelompok/hello';
    await publisher.ship({ id: plugin }, { id: plugin, version: '1.1.0' });
    const version = `/api/v1/packages/${plugin}/versions/1.0.0`;
    await org.owner.put(`${version}/deprecation`, { reason: 'Old.' });
    await org.owner.delete(`${version}/deprecation`);
    await org.owner.put(`${version}/yank`, { reason: 'Broken.' });
    await org.owner.delete(`${version}/yank`);
    await org.install(plugin);
    await org.step(plugin, 'deactivate', {});
    await org.owner.sendJson('PATCH', org.path(''), { unsignedPackages: 'allow' });
    const user = await souk.user('Ada');
    await org.owner.put(org.path(`/members/${user.id}`), { role: 'member' });
    await org.owner.put(org.path(`/members/${user.id}`), { role: 'admin' });
    await org.owner.delete(org.path(`/members/${user.id}`));
    const found = await actions(org.owner, org.path('/audit'));
    const expected = [
      'org.created',
      'member.added',
      'publisher.registered',
      'publisher.key-challenge-made',
      'publisher.keys-accepted',
      'package.published',
      'package.published',
      'package.deprecated',
      'package.undeprecated',
      'package.yanked',
      'package.unyanked',
      'plan.made',
      'plan.applied',
      'installation.added',
      'installation.activated',
      'installation.deactivated',
      'org.changed',
      'member.added',
      'member.role-changed',
      'member.removed',
    ];
    expect(found).toEqual(expected.toReversed());
  });

  it('has users, tokens and publishers in the chain of the instance', async () => {
    const { json } = await souk.admin.post('/api/v1/tokens', { name: 'ci', scopes: ['orgs:read'] });
    await souk.admin.delete(`/api/v1/tokens/${json.token.id}`);
    const found = await actions(souk.admin, '/api/v1/audit');
    expect(found.slice(0, 2)).toEqual(['token.revoked', 'token.issued']);
    expect(found).toEqual(expect.arrayContaining(['user.created', 'publisher.registered']));
    expect(found).not.toContain('package.published');
  });

  it('has every refusal of a package with its code, and the same refusal leaves nothing else', async () => {
    const refusals = async (): Promise<string[]> => {
      const { json } = await souk.admin.get('/api/v1/audit?action=package.refused');
      return json.items.map(({ detail }: { detail: { code: string } }) => detail.code);
    };
    const before = await refusals();
    const tampered = await publisher.upload(Buffer.from('PK no archive'), null);
    const unsigned = await publisher.publish({ id: 'kelompok/second' });
    await publisher.upload(unsigned.archive, null);
    expect((await refusals()).slice(0, 2)).toEqual(['envelope_missing', tampered.json.code]);
    expect(await refusals()).toHaveLength(before.length + 2);
  });

  it('is read in pages, newest first, each entry once', async () => {
    const all = (await souk.admin.get('/api/v1/audit?limit=200')).json.items;
    const paged: unknown[] = [];
    for (let cursor: string | null = ''; cursor !== null;) {
      const { json } = await souk.admin.get(`/api/v1/audit?limit=2${cursor && `&cursor=${cursor}`}`);
      paged.push(...json.items);
      cursor = json.nextCursor;
    }
    expect(paged.map((entry) => (entry as { id: string }).id)).toEqual(
      all.map(({ id }: { id: string }) => id),
    );
  });

  it.each([
    ['?cursor=nonsense', 'cursor_invalid'],
    ['?limit=0', 'request_invalid'],
    ['?limit=100000', 'request_invalid'],
    ['/verdict?position=1', 'request_invalid'],
    ['/verdict?position=1&hash=AB', 'request_invalid'],
  ])('refuses %s', async (query, code) => {
    expect((await souk.admin.get(`/api/v1/audit${query}`)).json.code).toBe(code);
  });

  it('is for admins of the organization, and for nobody else', async () => {
    const other = await souk.org('other');
    const member = await souk.user('Eve');
    await org.owner.put(org.path(`/members/${member.id}`), { role: 'member' });
    expect((await other.owner.get(org.path('/audit'))).json.code).toBe('not_found');
    expect((await member.client.get(org.path('/audit'))).json.code).toBe('role_missing');
    expect((await org.owner.get('/api/v1/audit')).json.code).toBe('scope_missing');
    expect(await actions(other.owner, other.path('/audit'))).toEqual(['member.added', 'org.created']);
  });
});

describe('souk audit verify', () => {
  it('finds a changed row, and says where', async () => {
    await sealed(org.path('/audit'));
    const before = await admin.souk('audit', 'verify', '--org', 'acme');
    expect(before).toMatchObject({ exitCode: 0, out: expect.stringMatching(/^intact: \d+ entries\n/u) });
    const { superuser } = souk;
    await superuser.query(`set session_replication_role = 'replica'`);
    const change = `update audit_entry set subject = $1 where chain = $2 and position = 3 returning subject`;
    await superuser.query(change, ['publisher:somebody-else', org.id]);
    const after = await admin.souk('audit', 'verify', '--org', 'acme');
    expect(after).toMatchObject({
      exitCode: 1,
      out: expect.stringContaining('BROKEN at position 3: changed'),
    });
    await superuser.query(change, ['publisher:kelompok', org.id]);
    expect((await admin.souk('audit', 'verify', '--org', 'acme')).out).toBe(before.out);
  });

  it('finds a chain that was cut and rewritten by the place that somebody noted', async () => {
    await sealed('/api/v1/audit');
    const { out: text } = await admin.souk('audit', 'verify');
    const [, anchor] = /noted elsewhere: (\S+)/u.exec(text) ?? [];
    expect((await admin.souk('audit', 'verify', '--anchor', String(anchor))).exitCode).toBe(0);
    const other = `${String(anchor).split(':')[0]}:${'0'.repeat(64)}`;
    expect(await admin.souk('audit', 'verify', '--anchor', other)).toMatchObject({
      exitCode: 1,
      out: expect.stringContaining('rewritten'),
    });
    expect((await admin.souk('audit', 'verify', '--anchor', 'nonsense')).exitCode).toBe(2);
  });

  it('lists what was done', async () => {
    const { exitCode, out: text } = await admin.souk(
      'audit',
      'list',
      '--org',
      'acme',
      '--action',
      'package.published',
    );
    expect(exitCode).toBe(0);
    expect(text).toContain('package.published plugin:kelompok/hello@1.0.0');
  });
});
