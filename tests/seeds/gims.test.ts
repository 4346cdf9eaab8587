/**
 * GIMS' decision about communication platforms: each platform is a plugin behind one interface, chosen by the
 * administrator; groups and members follow the records; what fails, fails alone; and nobody sees the credentials.
 */
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { openMailbox, type Mailbox } from '../../demo/mailbox.ts';
import {
  CATEGORY,
  GUILD,
  startDiscord,
  type DiscordServer,
} from '../../plugins-examples/gims/platform-kit/testing/discord-server.ts';
import {
  ADMIN,
  DOMAIN,
  startGoogle,
  type GoogleServer,
} from '../../plugins-examples/gims/platform-kit/testing/google-server.ts';
import type { PluginId } from '../../spec/plugin-id.ts';
import { commandLine, type CommandLine } from '../support/command-line.ts';
import { adaptExample, fetchingFrom } from '../support/example-package.ts';
import type { HttpClient } from '../support/http-client.ts';
import { consentTo, type TestOrg } from '../support/test-org.ts';
import { startSoukOn, testDatabase } from '../support/test-souk.ts';

const DISCORD: PluginId = 'gims/discord';
const GOOGLE: PluginId = 'gims/google-groups';
const SYNC: PluginId = 'gims/membership-sync';
const TOKEN = 'MTk4NjIyNDgzNDcxOTI1MjQ4.a-bot-token';
const SOURCE = `export default {
  async fetch(request, host) { return Response.json(await host.records.propose(await request.json())); },
};\n`;

let discord: DiscordServer;
let google: GoogleServer;
let uni: TestOrg;
let corp: TestOrg;
let member: HttpClient;
let line: CommandLine;
let mailbox: Mailbox;

beforeAll(async () => {
  [discord, google] = await Promise.all([startDiscord(TOKEN), startGoogle()]);
  mailbox = await openMailbox();
  const environment = { SOUK_EGRESS_ALLOW: '127.0.0.0/8' };
  const souk = await startSoukOn((await testDatabase()).url, { environment });
  [uni, corp] = [await souk.org('uni'), await souk.org('corp')];
  const someone = await souk.user('Grace');
  await uni.owner.put(uni.path(`/members/${someone.id}`), { role: 'member' });
  member = someone.client;
  line = commandLine(souk.process.url, uni.owner.token);
  const gims = await souk.publisher('gims', uni);
  await gims.shipArchive(await adaptExample(DISCORD, fetchingFrom(`${discord.url}/*`)));
  await gims.shipArchive(await adaptExample(GOOGLE, fetchingFrom(`${google.url}/*`)));
  await gims.shipExamples(SYNC);
  await gims.ship({
    id: 'gims/campus',
    code: SOURCE,
    permissions: [{ name: 'records.propose', scope: ['organization', 'member'], reason: 'Test data.' }],
  });
});

afterAll(async () => {
  await Promise.all([discord.close(), google.close()]);
  await mailbox.close();
});

async function setUp(org: TestOrg, plugin: PluginId, config: object, secrets: Record<string, string> = {}) {
  const { json: plan } = await org.plan({ kind: 'install', plugin });
  expect((await org.apply(plan.id, consentTo(plan))).status).toBe(201);
  const path = org.path(`/plugins/${plugin}`);
  expect((await org.owner.put(`${path}/config`, config)).status).toBe(200);
  for (const [name, value] of Object.entries(secrets))
    expect((await org.owner.put(`${path}/secrets/${name}`, { value })).status).toBeLessThan(300);
  const activated = await org.step(plugin, 'activate', {});
  expect(activated.status, activated.text).toBe(200);
}

const setUpDiscord = (org: TestOrg, token: string): Promise<void> =>
  setUp(org, DISCORD, { guild: GUILD, category: CATEGORY, apiUrl: discord.url }, { botToken: token });
const setUpGoogle = (org: TestOrg): Promise<void> =>
  setUp(
    org,
    GOOGLE,
    {
      domain: DOMAIN,
      admin: ADMIN,
      prefix: 'club-',
      directoryUrl: google.url,
      settingsUrl: google.url,
      tokenUrl: `${google.url}/token`,
    },
    { serviceAccount: google.keyFile },
  );

async function call(org: TestOrg, action: string, input: object, more: object = {}) {
  const path = org.path(`/contracts/communication@1/${action}`);
  return org.owner.post(path, { input, ...more });
}

async function propose(type: string, rows: object[]): Promise<void> {
  const body = { type, rows: rows.map((data, index) => ({ row: index + 1, original: data, data })) };
  const answer = await uni.anyone.post(uni.endpoint('gims/campus', '/'), body);
  expect(answer.json?.rejected, answer.text).toBe(0);
}

/** A change that is heard makes a sync of its own two seconds later, beside what a test looks at. */
async function unheard(change: () => Promise<void>): Promise<void> {
  const stopped = await uni.step(SYNC, 'deactivate', {});
  expect(stopped.status, stopped.text).toBe(200);
  await change();
  const active = await uni.step(SYNC, 'activate', {});
  expect(active.status, active.text).toBe(200);
}

async function sync(org: TestOrg, args: object) {
  const begun = await org.owner.post(org.path(`/plugins/${SYNC}/commands/sync`), args);
  expect(begun.status, begun.text).toBe(202);
  const path = org.path(`/jobs/${begun.json.id}`);
  await vi.waitFor(async () => expect((await org.owner.get(path)).json.endedAt).not.toBeNull(), 30_000);
  return (await org.owner.get(path)).json;
}

const discordMembers = (group: string): string[] => {
  const role = discord.channels
    .get(group)
    ?.permission_overwrites.find(({ id }) => discord.roles.has(id) && id !== GUILD);
  return [...discord.members.values()].flatMap(({ user, roles }) =>
    roles.includes(String(role?.id)) ? [user.username] : [],
  );
};
const channelOf = (name: string): string =>
  [...discord.channels.values()].find((channel) => channel.name === name)?.id ?? '';
const googleMembers = (name: string): string[] => {
  const group = [...google.groups.values()].find((each) => each.name === name);
  return (google.members.get(group?.id ?? '') ?? []).map(({ email }) => email);
};

describe('a university with two platforms', () => {
  const groups: Record<string, string> = {};
  let ada: string;

  it('is shown what each plugin asks for, and gives each its credentials', async () => {
    const { json: plan } = await uni.plan({ kind: 'install', plugin: GOOGLE });
    const asked = plan.permissions.map(({ permission }: { permission: { name: string } }) => permission.name);
    expect(asked.toSorted()).toEqual(['http.fetch', 'mail.send', 'secrets']);
    await setUpDiscord(uni, TOKEN);
    await setUpGoogle(uni);
    for (const plugin of [DISCORD, GOOGLE])
      expect((await uni.step(plugin, 'test')).json, plugin).toMatchObject({ status: 'READY' });
  });

  it('says which of them answers when none is named', async () => {
    const bound = await uni.owner.put(uni.path('/contracts/communication@1/binding'), { plugin: DISCORD });
    expect(bound.json, bound.text).toMatchObject({ plugin: DISCORD, origin: 'bound' });
    const one = await call(uni, 'createGroup', { name: 'Staff' });
    expect(one.json.results[0].plugin, one.text).toBe(DISCORD);
  });

  it('makes a group on both at once', async () => {
    const { json, text } = await call(uni, 'createGroup', { name: 'Chess Club' }, { mode: 'all' });
    expect(json.failures, text).toEqual([]);
    for (const { plugin, output } of json.results) groups[plugin] = output.group;
    expect(Object.keys(groups).toSorted()).toEqual([DISCORD, GOOGLE]);
    expect(discord.channels.get(String(groups[DISCORD]))?.name).toBe('chess-club');
  });

  it('adds, lists and removes members on the platform that it names', async () => {
    ada = discord.join('ada');
    google.people.add(`ada@${DOMAIN}`);
    const people = { [DISCORD]: ada, [GOOGLE]: `ada@${DOMAIN}` };
    for (const [plugin, id] of Object.entries(people)) {
      const input = { group: groups[plugin], member: { id } };
      const added = await call(uni, 'addMember', input, { plugin });
      expect(added.json.output, added.text).toEqual({ added: 'now' });
      const listed = await call(uni, 'listMembers', { group: groups[plugin] }, { plugin });
      expect(listed.json.output.members).toMatchObject([{ id }]);
      expect((await call(uni, 'removeMember', input, { plugin })).json.output).toEqual({ removed: 'now' });
    }
  });

  it('posts to each in the way that it knows', async () => {
    const { port } = mailbox;
    const server = { host: '127.0.0.1', port, security: 'none', from: `GIMS <gims@${DOMAIN}>` };
    expect((await uni.owner.put(uni.path('/mail'), server)).status).toBe(200);
    const text = 'Monday at six.';
    for (const plugin of [DISCORD, GOOGLE]) {
      const posted = await call(
        uni,
        'postMessage',
        { group: groups[plugin], text, title: 'Chess' },
        { plugin },
      );
      expect(posted.status, posted.text).toBe(200);
    }
    expect(discord.messages.at(-1)).toMatchObject({
      channel: groups[DISCORD],
      content: `**Chess**\n${text}`,
    });
    expect(mailbox.mails.at(-1)?.to).toEqual([`club-chess-club@${DOMAIN}`]);
  });

  it('hears of errors in the words of the interface', async () => {
    const nobody = { group: groups[DISCORD], member: { id: '999999999999999999' } };
    const failed = await call(uni, 'addMember', nobody, { plugin: DISCORD });
    expect([failed.status, failed.json.contractError]).toEqual([502, 'member_not_found']);
    const gone = await call(uni, 'listMembers', { group: '900000000000000000' }, { plugin: DISCORD });
    expect(gone.json.contractError).toBe('group_not_found');
  });

  it('goes on with one platform while the other is down', async () => {
    discord.scripted.push(
      () => ({ status: 503, body: 'down' }),
      () => ({ status: 503, body: 'down' }),
    );
    const { json, status } = await call(uni, 'createGroup', { name: 'Go Club' }, { mode: 'all' });
    discord.scripted.splice(0);
    expect(status).toBe(200);
    expect(json.results.map(({ plugin }: { plugin: string }) => plugin)).toEqual([GOOGLE]);
    expect(json.failures).toMatchObject([{ plugin: DISCORD, code: 'platform_unavailable' }]);
  });

  it('loses only mail where the plugin is denied mail, and says so', async () => {
    const path = uni.path(`/plugins/${GOOGLE}/grants`);
    const { grants } = (await uni.owner.get(uni.path(`/plugins/${GOOGLE}`))).json;
    const without = grants.filter(({ name }: { name: string }) => name !== 'mail.send');
    expect((await uni.owner.put(path, { grants: without })).status).toBe(200);
    const group = groups[GOOGLE];
    const denied = await call(uni, 'postMessage', { group, text: 'x' }, { plugin: GOOGLE });
    expect(denied.json.contractError, denied.text).toBe('platform_refused');
    expect(denied.json.detail).toContain('mail.send');
    expect((await call(uni, 'listMembers', { group }, { plugin: GOOGLE })).status).toBe(200);
  });

  it('shows its credentials to nobody: not in settings, not in answers, not in logs or the audit', async () => {
    const secret = JSON.parse(google.keyFile).private_key.split('\n')[1];
    const places = [DISCORD, GOOGLE].flatMap((plugin) =>
      ['', '/secrets', '/logs?limit=200', '/events'].map((rest) => uni.path(`/plugins/${plugin}${rest}`)),
    );
    for (const path of [...places, uni.path('/audit'), uni.path('/installations')]) {
      for (const client of [uni.owner, member]) {
        const { text } = await client.get(path);
        expect(text.includes(TOKEN) || text.includes(secret), path).toBe(false);
      }
    }
    expect(discord.requests.length).toBeGreaterThan(0);
  });

  it('lets no ordinary member act on the platforms', async () => {
    const path = uni.path('/contracts/communication@1/deleteGroup');
    const refused = await member.post(path, { input: { group: groups[DISCORD] }, plugin: DISCORD });
    expect(refused.status).toBe(403);
  });
});

describe('memberships that follow the records', () => {
  const [bob, grace] = [`bob@${DOMAIN}`, `grace@${DOMAIN}`];

  beforeAll(async () => {
    await uni.install('gims/campus');
    await uni.install(SYNC);
    await uni.pauseSchedules('sync');
    await unheard(async () => {
      await propose('organization', [{ name: 'Rowing Club', slug: 'rowing-club' }]);
      await propose(
        'member',
        [bob, grace].map((email) => ({ name: email, email, organization: 'rowing-club' })),
      );
    });
    discord.join('grace');
    google.people.add(grace).add(bob);
    const link = { platform: DISCORD, email: grace, id: 'grace' };
    const linked = await uni.owner.post(uni.path(`/plugins/${SYNC}/commands/link`), link);
    expect(linked.status, linked.text).toBe(200);
  });

  it('are listed by a dry run, which changes nothing', async () => {
    const asked = [discord.requests.length, google.requests.length];
    const { result } = await sync(uni, { dryRun: true });
    expect(result.changes).toEqual([
      { kind: 'createGroup', organization: 'rowing-club', platform: 'all' },
      ...[bob, grace].map((email) => ({
        kind: 'addMember',
        organization: 'rowing-club',
        platform: 'all',
        member: email,
      })),
    ]);
    expect([discord.requests.length, google.requests.length]).toEqual(asked);
  });

  it('are made, and whom a platform does not know stops nobody else', async () => {
    const { result } = await sync(uni, {});
    expect(discordMembers(channelOf('rowing-club'))).toEqual(['grace']);
    expect(googleMembers('Rowing Club').toSorted()).toEqual([bob, grace]);
    expect(result.failures).toMatchObject([{ platform: DISCORD, member: bob }]);
    const again = await sync(uni, { organization: 'rowing-club' });
    expect(again.result.changes).toEqual([]);
  });

  it('end with the membership, but for people whom somebody else has added', async () => {
    const group = channelOf('rowing-club');
    discord.join('coach');
    await call(uni, 'addMember', { group, member: { id: 'coach' } }, { plugin: DISCORD });
    const left = { name: grace, email: grace, organization: 'rowing-club', status: 'left' };
    await unheard(() => propose('member', [left]));
    const words = ['membership-sync', '--job', 'sync', '--dryRun', 'true', '--org', 'uni'];
    const dry = await line.ok('plugin', 'run', ...words);
    const removals = dry.result.changes.filter(({ kind }: { kind: string }) => kind === 'removeMember');
    expect(removals.map(({ platform }: { platform: string }) => platform).toSorted()).toEqual([
      DISCORD,
      GOOGLE,
    ]);
    expect(discordMembers(group).toSorted()).toEqual(['coach', 'grace']);
    const told = { name: 'member.left', data: { organization: 'rowing-club' } };
    expect((await uni.owner.post(uni.path('/events'), told)).json).toMatchObject({ subscribers: 1 });
    await vi.waitFor(() => expect(discordMembers(group)).toEqual(['coach']), 30_000);
    await vi.waitFor(() => expect(googleMembers('Rowing Club')).toEqual([bob]), 30_000);
    const open = async () => {
      const { json } = await uni.owner.get(uni.path(`/jobs?plugin=${SYNC}`));
      return json.items.filter(({ endedAt }: { endedAt: unknown }) => endedAt === null);
    };
    await expect.poll(open).toEqual([]);
  });

  it('run by the clock as well', async () => {
    const { json } = await uni.owner.get(uni.path('/schedules'));
    expect(json.items).toMatchObject([{ plugin: SYNC, name: 'sync', cron: '*/30 * * * *' }]);
  });

  it('are still made where nothing may be remembered, and nobody is removed', async () => {
    const path = uni.path(`/plugins/${SYNC}`);
    const { grants } = (await uni.owner.get(path)).json;
    const without = grants.filter(({ name }: { name: string }) => name !== 'kv');
    await uni.owner.put(`${path}/grants`, { grants: without });
    const left = { name: bob, email: bob, organization: 'rowing-club', status: 'left' };
    await unheard(() => propose('member', [left]));
    const { result } = await sync(uni, {});
    expect(result.notes).toEqual([expect.stringContaining('kv')]);
    expect(googleMembers('Rowing Club')).toEqual([bob]);
  });
});

describe('a platform that may do less', () => {
  it('still gives roles where the plugin is denied to delete, and names the permission', async () => {
    const path = uni.path(`/plugins/${DISCORD}/grants`);
    const { grants } = (await uni.owner.get(uni.path(`/plugins/${DISCORD}`))).json;
    const narrowed = grants.map((grant: { methods?: string[] }) => ({
      ...grant,
      methods: grant.methods?.filter((method) => method !== 'DELETE'),
    }));
    expect((await uni.owner.put(path, { grants: narrowed })).status).toBe(200);
    const input = { group: channelOf('rowing-club'), member: { id: discord.join('dora') } };
    const added = await call(uni, 'addMember', input, { plugin: DISCORD });
    expect(added.json.output, added.text).toEqual({ added: 'now' });
    const denied = await call(uni, 'removeMember', input, { plugin: DISCORD });
    expect(denied.json.contractError, denied.text).toBe('platform_refused');
    expect(denied.json.detail).toContain('http.fetch');
  });
});

describe('another organization', () => {
  it('has neither the plugins nor the groups of the first, and its own credentials', async () => {
    const unbound = await call(corp, 'createGroup', { name: 'Chess Club' });
    expect([unbound.status, unbound.json.code]).toEqual([404, 'contract_unbound']);
    await setUpDiscord(corp, 'another token').catch(() => undefined);
    expect((await corp.step(DISCORD, 'test')).json.status).toBe('ERROR');
    expect((await uni.step(DISCORD, 'test')).json.status).toBe('READY');
    const foreign = await corp.owner.post(uni.path('/contracts/communication@1/createGroup'), {
      input: { name: 'x' },
    });
    expect(foreign.status).toBe(404);
  });
});

describe('the interface', () => {
  it('is published with its version, so that another major one can stand beside it', async () => {
    const { json } = await uni.anyone.get('/api/v1/contracts');
    const communication = json.items.find(({ id }: { id: string }) => id === 'communication@1');
    expect(Object.keys(communication.actions).toSorted()).toEqual([
      'addMember',
      'createGroup',
      'deleteGroup',
      'listMembers',
      'postMessage',
      'removeMember',
    ]);
    const later = await uni.owner.post(uni.path('/contracts/communication@2/createGroup'), {
      input: { name: 'x' },
    });
    expect([later.status, later.json.code]).toEqual([404, 'contract_unknown']);
  });
});
