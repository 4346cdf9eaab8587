/** A global plugin: the instance runs it for every organization, each with data, isolate and settings of its own. */
import { describe, expect, it } from 'vitest';
import type { Answer } from '../support/http-client.ts';
import { consentTo, TestOrg } from '../support/test-org.ts';
import { testSouk } from '../support/test-souk.ts';

const BOT = 'sahabot/discord-bot';
const NOTES = 'sahabot/notifications';
const GAME = 'sahabot/alttpr';
const BOT_CODE = `
  let calls = 0;
  export default {
    async activate(host) { await host.kv.set('activated', host.org.slug) },
    async fetch(request, host) {
      const { pathname } = new URL(request.url);
      if (pathname === '/set') await host.kv.set('note', request.headers.get('x-note') ?? 'none');
      calls += 1;
      return Response.json({
        org: host.org.slug, calls, version: host.plugin.version, note: await host.kv.get('note'),
        activated: await host.kv.get('activated'), config: host.config,
        token: (await host.secrets.get('botToken'))?.length ?? null,
      });
    },
  }`;
const bot = {
  id: BOT,
  code: BOT_CODE,
  availability: { scope: 'global' },
  permissions: [
    { name: 'kv', reason: 'Remembers.' },
    { name: 'secrets', reason: 'Logs in.' },
  ],
  secrets: { botToken: { title: 'Bot token', required: true } },
  config: {
    type: 'object',
    properties: { prefix: { type: 'string', default: '!' }, channel: { type: 'string' } },
  },
} as const;
const notes = {
  id: NOTES,
  dependencies: { [BOT]: '^1.0.0' },
  permissions: [{ name: 'plugins.call', scope: [BOT], reason: 'Posts.' }],
  code: `export default { fetch: async (request, host) => {
    const answer = await host.plugins.call('${BOT}', '/', {});
    return Response.json({ status: answer.status, body: await new Response(answer.body).json() });
  } }`,
} as const;

const souk = await testSouk();
const house = await souk.org('house');
const acme = await souk.org('acme');
const umbra = await souk.org('umbra');
const instance = new TestOrg('instance', '', souk.admin, souk.anyone);
const sahabot = await souk.publisher('sahabot', house);
await sahabot.ship(bot, notes, { id: GAME, optionalDependencies: { [BOT]: '^1.0.0' } });

const availability = `/api/v1/packages/${BOT}/availability`;
const read = async (org: TestOrg, plugin = BOT): Promise<Answer['json']> =>
  (await org.owner.get(org.path(`/plugins/${plugin}`))).json;
const call = async (org: TestOrg, path = '/', note = ''): Promise<Answer['json']> =>
  (await org.call(BOT, path, { headers: { 'x-note': note } })).json;
const codeOf = async (attempt: Promise<Answer>): Promise<unknown> => (await attempt).json.code;
const put = (org: TestOrg, rest: string, body: object) =>
  org.owner.put(org.path(`/plugins/${BOT}${rest}`), body);

describe('who makes a plugin global', () => {
  it('the instance alone, and only what it has made global', async () => {
    expect((await souk.admin.get(availability)).json).toMatchObject({
      scope: 'organization',
      proposed: { scope: 'global' },
    });
    expect(await codeOf(instance.plan({ kind: 'install', plugin: BOT }))).toBe('plugin_not_global');
    expect(await codeOf(house.owner.sendJson('PATCH', availability, { scope: 'global' }))).toBe(
      'scope_missing',
    );
    const both = { scope: 'global', builtIn: true };
    expect(await codeOf(souk.admin.sendJson('PATCH', availability, both))).toBe('availability_refused');
    const made = await souk.admin.sendJson('PATCH', availability, { scope: 'global' });
    expect(made.json, made.text).toMatchObject({ scope: 'global' });
    expect(await codeOf(acme.plan({ kind: 'install', plugin: BOT }))).toBe('plugin_is_global');
  });

  it('no member of its organization who does not administer the instance', async () => {
    const eve = await souk.user('Eve');
    expect(
      (await souk.admin.put(instance.path(`/members/${eve.id}`), { role: 'owner' })).status,
    ).toBeLessThan(300);
    const attempt = eve.client.post(instance.path('/plans'), { kind: 'install', plugin: BOT });
    expect(await codeOf(attempt)).toBe('role_missing');
  });
});

describe('once the instance has installed it', () => {
  it('waits for its secret, and no organization has it before it is active', async () => {
    const { json: plan } = await instance.plan({ kind: 'install', plugin: BOT });
    expect(plan.reach).toEqual({ organizations: 0, breaks: [] });
    expect((await instance.apply(plan.id, consentTo(plan))).status).toBe(201);
    expect(await codeOf(instance.step(BOT, 'activate', {}))).toBe('secret_missing');
    expect((await read(acme)).code).toBe('plugin_not_installed');
    expect((await put(instance, '/secrets/botToken', { value: 'instance-token' })).status).toBeLessThan(300);
    const active = await instance.step(BOT, 'activate', {});
    expect(active.status, active.text).toBe(200);
  });

  it('every organization has it, also one that is made later, with a receipt and an audit entry', async () => {
    const later = await souk.org('later');
    for (const org of [acme, umbra, later]) {
      expect(await read(org)).toMatchObject({
        version: '1.0.0',
        state: 'active',
        scope: 'global',
        range: null,
      });
      const receipts = await org.owner.get(org.path(`/plugins/${BOT}/receipts`));
      expect(receipts.json.items).toMatchObject([
        { version: '1.0.0', granted: [{ name: 'kv' }, { name: 'secrets' }] },
      ]);
      const { json } = await org.owner.get(org.path('/audit?limit=200'));
      expect(json.items.map(({ action }: { action: string }) => action)).toContain('global-plugin.given');
    }
  });

  it('answers each as its own: org, memory, data; hooks ran for the instance; the secret is the instance’s', async () => {
    await call(acme, '/set', 'of acme');
    await call(umbra, '/set', 'of umbra');
    expect(await call(acme)).toMatchObject({
      org: 'acme',
      calls: 2,
      note: 'of acme',
      activated: null,
      token: 14,
    });
    expect(await call(umbra)).toMatchObject({ org: 'umbra', calls: 2, note: 'of umbra', token: 14 });
    expect(await call(instance)).toMatchObject({ org: 'instance', calls: 1, activated: 'instance' });
  });

  it('takes a secret of the organization’s own there, and nowhere else', async () => {
    expect((await put(acme, '/secrets/botToken', { value: 'mine-1' })).status).toBeLessThan(300);
    expect((await call(acme)).token).toBe(6);
    expect((await call(umbra)).token).toBe(14);
    const listed = async (org: TestOrg): Promise<unknown> =>
      (await org.owner.get(org.path(`/plugins/${BOT}/secrets`))).json.items;
    expect(await listed(acme)).toMatchObject([{ setAt: expect.any(String), heldByInstance: 'yes' }]);
    expect(await listed(umbra)).toMatchObject([{ setAt: null, heldByInstance: 'yes' }]);
  });

  it('lets an organization configure what the instance leaves open', async () => {
    expect((await put(instance, '/config', { prefix: '?' })).status).toBe(200);
    expect((await call(acme)).config).toEqual({ prefix: '?' });
    expect(await codeOf(put(acme, '/config', { prefix: '$' }))).toBe('config_invalid');
    expect((await put(acme, '/config', { channel: 'races' })).json.effectiveConfig).toEqual({
      prefix: '?',
      channel: 'races',
    });
    expect((await call(acme)).config).toEqual({ prefix: '?', channel: 'races' });
    expect((await call(umbra)).config).toEqual({ prefix: '?' });
  });

  it.each([
    ['upgrade', { kind: 'upgrade', plugin: BOT }],
    ['roll it back', { kind: 'rollback', plugin: BOT }],
    ['remove', { kind: 'remove', plugin: BOT }],
    ['pin', { kind: 'pin', plugin: BOT }],
    ['unpin', { kind: 'unpin', plugin: BOT }],
    ['install', { kind: 'install', plugin: BOT }],
    [
      'import another version of',
      {
        kind: 'import',
        lock: {
          lockVersion: 1,
          plugins: [{ plugin: BOT, version: '0.9.0', digest: '0'.repeat(64), range: null, pinned: true }],
        },
      },
    ],
  ])('an organization does not %s it', async (_what, request) => {
    expect(await codeOf(acme.plan(request))).toBe('plugin_is_global');
  });

  it('nor give it other grants, and keeps it through the import of a lock', async () => {
    expect(await codeOf(put(acme, '/grants', { grants: [] }))).toBe('plugin_is_global');
    const { json: lock } = await acme.owner.get(acme.path('/lock'));
    expect(lock.plugins).toMatchObject([{ plugin: BOT, range: null, pinned: false }]);
    for (const plugins of [lock.plugins, []]) {
      const { json: plan } = await acme.plan({ kind: 'import', lock: { lockVersion: 1, plugins } });
      expect(plan.changes).toMatchObject([
        { plugin: BOT, kind: 'keep', why: ['The instance runs 1.0.0 for every organization.'] },
      ]);
    }
  });
});

describe('plugins of organizations', () => {
  it('depend on it and call it, as their organization', async () => {
    const { json: plan } = await acme.plan({ kind: 'install', plugin: NOTES });
    expect(plan.activationOrder).toEqual([BOT, NOTES]);
    expect(plan.permissions.map(({ plugin }: { plugin: string }) => plugin)).toEqual([NOTES]);
    await acme.install(NOTES);
    const { json, text } = await acme.call(NOTES, '/');
    expect(json.body, text).toMatchObject({ org: 'acme', note: 'of acme' });
  });

  it('are explained where they do not go with its version', async () => {
    await sahabot.ship(
      { ...bot, version: '2.0.0' },
      { id: 'sahabot/old', dependencies: { [BOT]: '^2.0.0' } },
    );
    const refused = await acme.plan({ kind: 'install', plugin: 'sahabot/old' });
    expect(refused.json.code).toBe('resolution_impossible');
    expect(refused.json.detail).toContain(`this instance requires ${BOT} 1.0.0`);
  });

  it('keep it active where an organization would deactivate it', async () => {
    expect(await codeOf(acme.step(BOT, 'deactivate', {}))).toBe('installation_needed');
    expect((await umbra.step(BOT, 'deactivate', {})).status).toBe(200);
    expect(await codeOf(umbra.call(BOT, '/'))).toBe('plugin_not_active');
    expect((await call(acme)).org).toBe('acme');
  });
});

describe('the instance', () => {
  const upgrade = { kind: 'upgrade', plugin: BOT, range: '^2.0.0' };

  it('sees in the plan whose plugins an upgrade would break, without their organizations, and is refused', async () => {
    const { json: plan } = await instance.plan(upgrade);
    expect(plan.reach).toMatchObject({
      organizations: 4,
      breaks: [{ dependant: NOTES, plugin: BOT, range: '^1.0.0', version: '2.0.0', organizations: 1 }],
    });
    expect(JSON.stringify(plan)).not.toContain('acme');
    const refused = await instance.apply(plan.id, consentTo(plan));
    expect(refused.json).toMatchObject({ code: 'global_plugin_needed', breaks: plan.reach.breaks });
    expect((await read(acme)).version).toBe('1.0.0');
  });

  it('neither removes nor deactivates it while active plugins need it', async () => {
    const remove = () => souk.admin.delete(instance.path(`/plugins/${BOT}`));
    const refused = await remove();
    expect(refused.json.code).toBe('global_plugin_needed');
    expect(refused.text).toContain(`${NOTES} of one organization`);
    expect(refused.text).not.toContain('acme');
    expect(await codeOf(instance.step(BOT, 'deactivate', {}))).toBe('global_plugin_needed');
    expect((await read(acme)).state).toBe('active');
    const back = souk.admin.sendJson('PATCH', availability, { scope: 'organization' });
    expect(await codeOf(back)).toBe('availability_refused');
  });

  it('upgrades it for all at once when nothing is in the way; who stopped it keeps it stopped', async () => {
    expect((await acme.owner.delete(acme.path(`/plugins/${NOTES}`))).status).toBe(204);
    await acme.install(GAME);
    const { json: held } = await instance.plan(upgrade);
    expect(held.reach.breaks).toMatchObject([{ dependant: GAME }]);
    expect((await acme.owner.delete(acme.path(`/plugins/${GAME}`))).status).toBe(204);
    const { json: plan } = await instance.plan(upgrade);
    const applied = await instance.apply(plan.id, consentTo(plan));
    expect(applied.status, applied.text).toBe(201);
    expect(await read(acme)).toMatchObject({ version: '2.0.0', state: 'active' });
    expect(await read(umbra)).toMatchObject({ version: '2.0.0', state: 'inactive' });
    expect(await call(acme)).toMatchObject({ version: '2.0.0', note: 'of acme', token: 6 });
    expect((await umbra.step(BOT, 'activate', {})).status).toBe(200);
    expect(await call(umbra)).toMatchObject({ version: '2.0.0', note: 'of umbra' });
  });

  it('keeps every seat where the next version cannot be activated', async () => {
    const broken = BOT_CODE.replace(
      `await host.kv.set('activated', host.org.slug)`,
      `throw new Error('no gateway')`,
    );
    await sahabot.ship({ ...bot, version: '2.1.0', code: broken });
    const { json: plan } = await instance.plan({ kind: 'upgrade', plugin: BOT });
    expect(await codeOf(instance.apply(plan.id, consentTo(plan)))).toBe('activation_failed');
    expect(await read(acme)).toMatchObject({ version: '2.0.0', state: 'active' });
  });

  it('stops it everywhere, which no organization undoes, and starts it again where it was wanted', async () => {
    expect((await umbra.step(BOT, 'deactivate', {})).status).toBe(200);
    expect((await instance.step(BOT, 'deactivate', {})).status).toBe(200);
    expect(await read(acme)).toMatchObject({
      state: 'inactive',
      reason: expect.stringContaining('instance'),
    });
    expect(await codeOf(acme.call(BOT, '/'))).toBe('plugin_not_active');
    expect(await codeOf(acme.step(BOT, 'activate', {}))).toBe('plugin_is_global');
    expect((await instance.step(BOT, 'activate', {})).status).toBe(200);
    expect(await read(acme)).toMatchObject({ state: 'active', reason: null });
    expect((await read(umbra)).state).toBe('inactive');
  });

  it('takes it away from all when it uninstalls it', async () => {
    expect((await souk.admin.delete(instance.path(`/plugins/${BOT}`))).status).toBe(204);
    for (const org of [acme, umbra]) expect((await read(org)).code).toBe('plugin_not_installed');
    expect((await souk.admin.sendJson('PATCH', availability, { scope: 'organization' })).status).toBe(200);
  });

  it('takes over what an organization installed itself, with its data', async () => {
    const { json: plan } = await acme.plan({ kind: 'install', plugin: BOT, range: '1.0.0' });
    expect((await acme.apply(plan.id, consentTo(plan))).status).toBe(201);
    await put(acme, '/secrets/botToken', { value: 'own-token' });
    expect((await acme.step(BOT, 'activate', {})).status).toBe(200);
    await call(acme, '/set', 'kept');
    await souk.admin.sendJson('PATCH', availability, { scope: 'global' });
    const { json: global } = await instance.plan({ kind: 'install', plugin: BOT, range: '2.0.0' });
    expect(global.reach).toEqual({ organizations: 1, breaks: [] });
    await instance.apply(global.id, consentTo(global));
    await put(instance, '/secrets/botToken', { value: 'instance-token' });
    expect((await instance.step(BOT, 'activate', {})).status).toBe(200);
    expect(await read(acme)).toMatchObject({ scope: 'global', version: '2.0.0', range: null, kept: [] });
    expect(await call(acme)).toMatchObject({ version: '2.0.0', note: 'kept', token: 9 });
  });
});
