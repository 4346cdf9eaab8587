/** What can be connected, how what is connected is, since when, and what happened to it. */
import { expect, it, vi } from 'vitest';
import { commandLine } from '../support/command-line.ts';
import { followEvents } from '../support/event-stream.ts';
import { testSouk } from '../support/test-souk.ts';

const souk = await testSouk();
const acme = await souk.org('acme');
const globex = await souk.org('globex');
const situs = await souk.publisher('situs', acme);
const MAIL = 'situs/mailer';
const HOOK = 'situs/hook';
await situs.ship(
  {
    id: MAIL,
    type: 'integration',
    category: 'email',
    config: { type: 'object', properties: { ill: { type: 'string' } } },
    secrets: { password: { title: 'Password' } },
    code: `export default {
      async fetch() { return new Response(String(Array.prototype.includes.call({ length: 2 ** 53 - 1 }, 1))); },
      health(host) { if (host.config.ill) throw new Error(host.config.ill); },
    }`,
  },
  { id: HOOK, type: 'integration', category: 'webhook' },
);
const hidden = await situs.publish({ id: 'situs/secret' }, acme.path('/packages'));
expect(hidden.answer.status, hidden.answer.text).toBe(201);
await acme.install(MAIL);

const path = (rest: string, org = acme): string => org.path(`/plugins/${MAIL}${rest}`);
const view = async () => (await acme.owner.get(path(''))).json;
const ill = (why: string) => acme.owner.put(path('/config'), { ill: why });

it('providers are listed with what they want to know, and with their status where they are installed', async () => {
  const { json } = await acme.owner.get(acme.path('/providers?type=integration'));
  expect(json.items.map(({ plugin }: { plugin: string }) => plugin).toSorted()).toEqual([HOOK, MAIL]);
  const [mailer] = (await acme.owner.get(acme.path('/providers?category=email'))).json.items;
  expect(mailer).toMatchObject({
    plugin: MAIL,
    type: 'integration',
    category: 'email',
    version: '1.0.0',
    configSchema: { type: 'object', properties: { ill: { type: 'string' } } },
    secrets: [{ name: 'password', title: 'Password', required: false }],
    capabilities: { endpoints: 2, contracts: [] },
    installed: { version: '1.0.0', status: 'READY', reason: null, statusSince: expect.any(String) },
  });
});

it('another organization sees its own status, and nothing that is private here', async () => {
  const { json } = await globex.owner.get(globex.path('/providers'));
  expect(json.items.map(({ installed }: { installed: unknown }) => installed)).toEqual([null, null]);
  expect((await acme.owner.get(acme.path('/providers'))).json.items).toHaveLength(3);
  const page = await acme.owner.get(acme.path('/providers?limit=1'));
  const rest = await acme.owner.get(acme.path(`/providers?limit=2&cursor=${page.json.nextCursor}`));
  expect([page.json.items.length, rest.json.items.length, rest.json.nextCursor]).toEqual([1, 2, null]);
});

it('the command lists them, all or by type', async () => {
  const { ok } = commandLine(souk.process.url, acme.owner.token);
  const list = async (...filter: string[]) =>
    (await ok('plugin', 'providers', ...filter, '--org', 'acme')).items;
  expect(await list()).toHaveLength(3);
  expect(await list('--category', 'webhook')).toMatchObject([{ plugin: HOOK, installed: null }]);
});

it('a test that fails makes an active plugin ERROR with reason and time, until one does not', async () => {
  const before = await view();
  expect(before).toMatchObject({ status: 'READY', reason: null, health: null });
  await ill('EHLO was refused');
  const { json } = await acme.step(MAIL, 'test');
  expect(json).toMatchObject({ kind: 'failed', status: 'ERROR', reason: expect.stringContaining('EHLO') });
  const failed = await view();
  expect(failed).toMatchObject({
    state: 'active',
    status: 'ERROR',
    statusSince: before.statusSince,
    reason: expect.stringContaining('EHLO was refused'),
    health: { verdict: 'failed', testedAt: json.testedAt },
  });
  await ill('');
  expect((await acme.step(MAIL, 'test')).json).toMatchObject({ kind: 'done', status: 'READY' });
  expect(await view()).toMatchObject({
    status: 'READY',
    reason: null,
    health: { verdict: 'done', reason: null },
  });
});

it('a change of status by a test is told to who watches, and only a change', async () => {
  const url = `${souk.process.url}${acme.path('/events')}`;
  // Made, activating, active, configured, ill, configured, well.
  const heard = await followEvents(url, acme.owner.token, 7, '0');
  const events = heard.filter(({ data }) => data['health'] !== undefined);
  expect(events.map(({ event, data }) => [event, data['state'], data['status'], data['health']])).toEqual([
    ['installation.status_changed', 'active', 'ERROR', 'failed'],
    ['installation.status_changed', 'active', 'READY', 'done'],
  ]);
});

it('what was tested is over when the plugin is started anew; what does not run is not asked', async () => {
  await ill('still ill');
  await acme.step(MAIL, 'test');
  expect((await view()).status).toBe('ERROR');
  await acme.step(MAIL, 'deactivate', {});
  const stopped = await view();
  expect(stopped).toMatchObject({ status: 'DISABLED', health: null });
  expect((await acme.step(MAIL, 'test')).json).toMatchObject({ kind: 'failed', status: 'DISABLED' });
  expect((await view()).health).toBeNull();
  await ill('');
  expect((await acme.step(MAIL, 'activate', {})).status).toBe(200);
  expect(await view()).toMatchObject({ status: 'READY', health: null });
  expect(Date.parse((await view()).statusSince)).toBeGreaterThan(Date.parse(stopped.statusSince));
});

it('safe mode is no illness of a plugin', async () => {
  await souk.admin.put('/api/v1/safe-mode', { reason: 'A drill.' });
  expect((await acme.step(MAIL, 'test')).json).toMatchObject({ kind: 'failed' });
  await souk.admin.delete('/api/v1/safe-mode');
  expect(await view()).toMatchObject({ status: 'READY', health: null });
});

it('the history names what was done, what failed and each strike, page by page, for administrators', async () => {
  await acme.owner.put(path('/secrets/password'), { value: 'hush-hush' });
  expect((await acme.call(MAIL, '/')).status).toBeGreaterThanOrEqual(500);
  await vi.waitFor(async () => {
    const { json } = await acme.owner.get(path('/events?limit=1'));
    expect(json.items[0]).toMatchObject({
      event: 'installation.struck',
      actor: { kind: 'system', name: 'sandbox' },
      detail: { reason: expect.any(String) },
    });
  }, 30_000);
  const seen: string[] = [];
  let cursor = '';
  do {
    const answer = await acme.owner.get(path(`/events?limit=4${cursor}`));
    expect(answer.text).not.toContain('hush-hush');
    seen.push(...answer.json.items.map(({ event }: { event: string }) => event));
    cursor = answer.json.nextCursor === null ? '' : `&cursor=${answer.json.nextCursor}`;
  } while (cursor !== '');
  for (const event of ['activated', 'deactivated', 'configured', 'tested', 'struck'])
    expect(seen).toContain(`installation.${event}`);
  expect(seen.some((event) => event.includes('secret'))).toBe(true);
  expect((await globex.owner.get(path('/events', globex))).json.items).toEqual([]);
  const member = await souk.user('member');
  await acme.owner.put(acme.path(`/members/${member.id}`), { role: 'member' });
  expect((await member.client.get(path('/events'))).json.code).toBe('role_missing');
  expect((await member.client.get(acme.path('/providers'))).status).toBe(200);
});
