/**
 * The design of a plugin system of ZIP archives: uploaded to an organization's own registry, validated, installed,
 * activated, deactivated and uninstalled while the server runs; plugins that depend on each other, that extend modules
 * and bring new ones; and the way back, which is to deactivate all.
 */
import { beforeAll, describe, expect, it } from 'vitest';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { PluginId } from '../../spec/plugin-id.ts';
import { commandLine, type CommandLine } from '../support/command-line.ts';
import type { Answer } from '../support/http-client.ts';
import { consentTo, type TestOrg } from '../support/test-org.ts';
import { packDraft, packFiles, type PackageDraft } from '../support/test-package.ts';
import { startSoukOn, testDatabase } from '../support/test-souk.ts';

const VISITS: PluginId = 'maker/visits';
const PROJECTS: PluginId = 'maker/projects';
const BOARD: PluginId = 'maker/board';
const CHAT: PluginId = 'maker/chat';

let maker: TestOrg;
let other: TestOrg;
let line: CommandLine;

beforeAll(async () => {
  // An archive without a signature runs in the lowest tier, which a machine without user namespaces refuses.
  const environment = { SOUK_WEAK_ISOLATION: 'allow' };
  const souk = await startSoukOn((await testDatabase()).url, { environment });
  [maker, other] = [await souk.org('maker'), await souk.org('other')];
  const publisher = await maker.owner.post(maker.path('/publishers'), { name: 'maker' });
  expect(publisher.status, publisher.text).toBe(201);
  line = commandLine(souk.process.url, maker.owner.token);
});

/** An integration plugin that counts in its own data. */
const visits = (version = '1.0.0'): PackageDraft => ({
  id: VISITS,
  version,
  type: 'integration',
  permissions: [{ name: 'kv', reason: 'Counts visits.' }],
  endpoints: [{ method: 'GET', path: '/visits', access: 'public' }],
  code: `
export default {
  async activate(host) { await host.kv.set('activated', ((await host.kv.get('activated')) ?? 0) + 1); },
  async fetch(request, host) {
    const count = ((await host.kv.get('count')) ?? 0) + 1;
    await host.kv.set('count', count);
    return Response.json({ version: host.plugin.version, count, activated: await host.kv.get('activated') });
  },
};\n`,
});

/** Extends a module of the core, and brings one of its own. */
const projects: PackageDraft = {
  id: PROJECTS,
  type: 'workflow',
  permissions: [
    { name: 'modules.extend', scope: ['members', 'projects'], reason: 'Projects and who is on them.' },
  ],
  contributes: {
    actions: [{ name: 'projects.manage', title: 'Manage projects', default: 'admin' }],
    modules: [
      {
        name: 'projects',
        title: 'Projects',
        recordTypes: [
          {
            name: 'project',
            schema: { type: 'object', properties: { code: { type: 'string' }, title: { type: 'string' } } },
            keys: [['code']],
          },
        ],
        actions: ['projects.manage'],
      },
      {
        extends: 'members',
        extensions: [
          { recordType: 'member', fields: { type: 'object', properties: { projects: { type: 'integer' } } } },
        ],
      },
    ],
  },
  endpoints: [{ method: 'GET', path: '/projects', access: 'member' }],
  code: `export default { fetch: () => Response.json({ projects: [] }) };\n`,
};

/** Needs projects in a range, and works with a chat where there is one. */
const board = (range = '^1.0.0'): PackageDraft => ({
  id: BOARD,
  version: range === '^1.0.0' ? '1.0.0' : '2.0.0',
  dependencies: { [PROJECTS]: range },
  optionalDependencies: { [CHAT]: '^1.0.0' },
  permissions: [{ name: 'plugins.call', scope: [CHAT], reason: 'Shows what was said.' }],
  code: `export default {
  async fetch(request, host) {
    const chat = await host.plugins.call('${CHAT}', '/said').then((answer) => answer.text(), () => null);
    return Response.json({ chat });
  },
};\n`,
});

const chat: PackageDraft = {
  id: CHAT,
  code: `export default { fetch: () => new Response('hello') };\n`,
};

const upload = (org: TestOrg, archive: Uint8Array): Promise<Answer> =>
  org.owner.send('POST', org.path('/packages'), {
    headers: { 'content-type': 'application/zip' },
    body: Buffer.from(archive),
  });
const uploaded = async (...drafts: PackageDraft[]): Promise<void> => {
  for (const draft of drafts) {
    const { status, text } = await upload(maker, packDraft(draft));
    expect(status, text).toBe(201);
  }
};
const stateOf = async (plugin: PluginId, org = maker): Promise<string> =>
  (await org.owner.get(org.path(`/plugins/${plugin}`))).json.state ?? 'absent';
const remove = (plugin: PluginId): Promise<Answer> => maker.owner.delete(maker.path(`/plugins/${plugin}`));
const moduleStatus = async (name: string): Promise<string> => {
  const { json } = await maker.owner.get(maker.path(`/modules/${name}`));
  return json.status ?? json.code;
};

describe('an archive', () => {
  it('without a signature is taken by the registry of an organization that allows it, and by no other', async () => {
    const archive = packDraft(visits());
    expect((await upload(maker, archive)).json.code).toBe('envelope_missing');
    const allowed = await maker.owner.sendJson('PATCH', maker.path(''), { unsignedPackages: 'allow' });
    expect(allowed.status, allowed.text).toBe(200);
    const taken = await upload(maker, archive);
    expect([taken.status, taken.json.signature], taken.text).toEqual([201, 'unsigned']);
    expect((await upload(other, archive)).json.code).toBe('envelope_missing');
    const everywhere = await maker.owner.send('POST', '/api/v1/packages', {
      headers: { 'content-type': 'application/zip' },
      body: Buffer.from(archive),
    });
    expect(everywhere.json.code).toBe('envelope_missing');
  });

  it('with a manifest that is wrong is told every fault with its place, and leaves nothing behind', async () => {
    const manifest = {
      manifestVersion: 1,
      id: 'maker/broken',
      version: '1.0.0',
      name: 'Broken',
      main: 'index.js',
      permisions: [],
      permissions: [{ name: 'modify-ui' }],
    };
    const { status, json } = await upload(
      maker,
      packFiles({ 'manifest.json': JSON.stringify(manifest), 'index.js': 'export default {}' }),
    );
    expect(status).toBe(422);
    expect(json.violations).toMatchObject([
      { pointer: '/permisions', hint: 'Did you mean "permissions"?' },
      { pointer: '/permissions/0/name', hint: expect.stringContaining('http.fetch') },
    ]);
    expect((await maker.owner.get('/api/v1/packages/maker/broken?org=maker')).status).toBe(404);
  });

  it('without a manifest, or that is none, is refused', async () => {
    const without = await upload(maker, packFiles({ 'index.js': 'export default {}' }));
    expect(without.json.code).toBe('manifest_missing');
    const none = await upload(maker, Buffer.from('PK no archive'));
    expect(none.status).toBeGreaterThanOrEqual(400);
    expect(none.status).toBeLessThan(500);
  });

  it('is uploaded by the command as well, and is the same package', async () => {
    await writeFile(join(line.folder, 'visits.zip'), packDraft(visits()));
    const published = await line.ok('publish', 'visits.zip', '--unsigned', '--private', '--org', 'maker');
    expect(JSON.stringify(published)).toContain(VISITS);
  });

  it('is seen by its organization and nobody else', async () => {
    expect((await maker.owner.get(`/api/v1/packages/${VISITS}?org=maker`)).status).toBe(200);
    expect((await other.owner.get(`/api/v1/packages/${VISITS}?org=other`)).status).toBe(404);
    expect((await other.plan({ kind: 'install', plugin: VISITS })).json.code).toBe('resolution_impossible');
  });
});

describe('the life of a plugin', () => {
  it('1. Install: the administrator sees what it may do, and that nobody has signed it, before anything changes', async () => {
    const { json: plan } = await maker.plan({ kind: 'install', plugin: VISITS });
    expect(plan.permissions).toMatchObject([
      {
        plugin: VISITS,
        permission: { name: 'kv' },
        risk: 'low',
        description: expect.stringContaining('data'),
      },
    ]);
    expect(plan.advisories).toMatchObject([{ kind: 'unsigned', plugin: VISITS }]);
    expect(await stateOf(VISITS)).toBe('absent');
    expect((await maker.apply(plan.id, [])).status).toBeGreaterThanOrEqual(400);
    expect((await maker.apply(plan.id, consentTo(plan))).status).toBe(201);
    expect(await stateOf(VISITS)).toBe('installed');
    expect((await maker.call(VISITS, '/visits')).json.code).toBe('plugin_not_active');
  });

  it('2. Activate: its code is loaded and its endpoints answer, without a restart', async () => {
    expect((await maker.step(VISITS, 'activate', {})).status).toBe(200);
    const { json } = await maker.call(VISITS, '/visits');
    expect(json).toEqual({ version: '1.0.0', count: 1, activated: 1 });
    expect((await maker.call(VISITS, '/elsewhere')).status).toBe(404);
  });

  it('3. Deactivate: nothing answers any more, and files and data stay', async () => {
    expect((await maker.step(VISITS, 'deactivate', {})).status).toBe(200);
    expect((await maker.call(VISITS, '/visits')).json.code).toBe('plugin_not_active');
    expect((await maker.step(VISITS, 'activate', {})).status).toBe(200);
    expect((await maker.call(VISITS, '/visits')).json).toEqual({ version: '1.0.0', count: 2, activated: 2 });
  });

  it('another version: an upgrade keeps the data, and a rollback the version before', async () => {
    await uploaded(visits('1.1.0'));
    const upgraded = await maker.owner.post(maker.path(`/plugins/${VISITS}/upgrade`), {});
    expect(upgraded.json, upgraded.text).toEqual({ kind: 'upgraded', version: '1.1.0' });
    expect((await maker.call(VISITS, '/visits')).json).toMatchObject({ version: '1.1.0', count: 3 });
    const back = await maker.plan({ kind: 'rollback', plugin: VISITS });
    expect((await maker.apply(back.json.id, consentTo(back.json))).status).toBe(201);
    expect((await maker.call(VISITS, '/visits')).json).toMatchObject({ version: '1.0.0' });
  });

  it('4. Uninstall: the plugin and its data are gone', async () => {
    expect((await remove(VISITS)).status).toBe(204);
    expect([await stateOf(VISITS), (await maker.call(VISITS, '/visits')).status]).toEqual(['absent', 404]);
    await maker.install(VISITS);
    expect((await maker.call(VISITS, '/visits')).json).toMatchObject({ count: 1, activated: 1 });
  });
});

describe('dependencies', () => {
  it('that nobody has uploaded are refused when the archive comes in', async () => {
    const early = await upload(maker, packDraft(board()));
    expect(early.json.code, early.text).toBe('dependency_missing');
  });

  it('that lead back are refused with the path', async () => {
    await uploaded(projects, board());
    const circle = { ...projects, version: '1.1.0', dependencies: { [BOARD]: '^1.0.0' } };
    const { status, json } = await upload(maker, packDraft(circle));
    expect([status, json.code]).toEqual([409, 'dependency_cycle']);
    expect(json.detail).toContain(PROJECTS);
    expect(json.detail).toContain(BOARD);
  });

  it('that no version satisfies are refused with the reason', async () => {
    const { json } = await upload(maker, packDraft(board('^7.0.0')));
    expect(json.code).toBe('resolution_impossible');
    expect(json.detail).toContain('7.0.0');
  });

  it('come along and become active first; optional ones do not, and are used where they are there', async () => {
    const { json: plan } = await maker.plan({ kind: 'install', plugin: BOARD });
    const added = plan.changes.filter(({ kind }: { kind: string }) => kind === 'add');
    expect(added.map(({ plugin }: { plugin: string }) => plugin).toSorted()).toEqual([BOARD, PROJECTS]);
    expect(plan.activationOrder.indexOf(PROJECTS)).toBeLessThan(plan.activationOrder.indexOf(BOARD));
    await maker.install(BOARD);
    expect((await maker.call(BOARD, '/')).json).toEqual({ chat: null });
    await uploaded(chat);
    await maker.install(CHAT);
    expect((await maker.call(BOARD, '/')).json).toEqual({ chat: 'hello' });
    expect((await remove(CHAT)).status).toBe(204);
    expect((await maker.call(BOARD, '/')).json).toEqual({ chat: null });
  });

  it('that others need are not taken away from them', async () => {
    const refused = await remove(PROJECTS);
    expect([refused.status, refused.json.code, refused.json.dependants]).toEqual([
      409,
      'installation_needed',
      [BOARD],
    ]);
    expect(await stateOf(PROJECTS)).toBe('active');
  });
});

describe('what plugins can do', () => {
  it('bring a module, and extend one that is there', async () => {
    const brought = await maker.owner.get(maker.path('/modules/projects'));
    expect(brought.json).toMatchObject({
      status: 'inForce',
      broughtBy: { plugin: PROJECTS, version: '1.0.0' },
      actions: [{ plugin: PROJECTS, action: 'projects.manage' }],
    });
    const members = await maker.owner.get(maker.path('/modules/members'));
    expect(members.json.broughtBy).toBeNull();
    expect(members.json.recordTypes[0].extensions).toMatchObject([{ plugin: PROJECTS }]);
  });

  it('add routes to the API, for whom they say', async () => {
    expect((await maker.call(PROJECTS, '/projects')).status).toBe(401);
    const answer = await maker.owner.get(maker.endpoint(PROJECTS, '/projects'));
    expect(answer.json, answer.text).toEqual({ projects: [] });
  });

  it('do no more than was granted', async () => {
    const path = maker.path(`/plugins/${VISITS}/grants`);
    expect((await maker.owner.put(path, { grants: [] })).status).toBe(200);
    expect((await maker.call(VISITS, '/visits')).status).toBeGreaterThanOrEqual(500);
    expect(await maker.log(VISITS)).toContain('kv');
  });

  it('are another organization’s affair alone', async () => {
    for (const plugin of [VISITS, PROJECTS, BOARD])
      expect((await other.call(plugin, '/')).status, plugin).toBe(404);
    expect((await other.owner.get(other.path('/modules/projects'))).status).toBe(404);
    expect((await other.owner.get(maker.path('/modules'))).status).toBe(404);
    const { json } = await other.owner.get(other.path('/modules/members'));
    expect(json.recordTypes[0].extensions).toEqual([]);
  });
});

describe('the way back', () => {
  it('deactivates all plugins at once, dependants first; the core is as it was without them', async () => {
    expect(await moduleStatus('projects')).toBe('inForce');
    const halted = await line.ok('plugin', 'halt', '--org', 'maker');
    const order: string[] = halted.deactivated;
    expect(order.toSorted()).toEqual([BOARD, PROJECTS, VISITS]);
    expect(order.indexOf(BOARD)).toBeLessThan(order.indexOf(PROJECTS));
    expect(await moduleStatus('projects')).toBe('pluginNotActive');
    const { json } = await maker.owner.get(maker.path('/modules/members'));
    expect([json.status, json.recordTypes[0].extensions]).toEqual(['inForce', []]);
    for (const plugin of [VISITS, PROJECTS, BOARD])
      expect((await maker.call(plugin, '/')).json.code, plugin).toBe('plugin_not_active');
  });

  it('is no end: what was deactivated can be activated again', async () => {
    const { status, text } = await maker.step(BOARD, 'activate', { others: 'cascade' });
    expect(status, text).toBe(200);
    expect([await stateOf(PROJECTS), await moduleStatus('projects')]).toEqual(['active', 'inForce']);
  });

  it('is written down, as is everything before it', async () => {
    const { json } = await maker.owner.get(maker.path('/audit?limit=200'));
    const actions = new Set(json.items.map(({ action }: { action: string }) => action));
    expect([...actions].join(' ')).toMatch(/publish/u);
    expect([...actions].join(' ')).toMatch(/installation/u);
  });
});
