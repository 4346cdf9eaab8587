/** The plugin on the test host, against a local server of Discord's API. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createTestHost } from 'souk/sdk/testing';
import { actingWith, type Act } from '../../platform-kit/testing/acting.ts';
import {
  CATEGORY,
  GUILD,
  rateLimited,
  startDiscord,
  type DiscordServer,
} from '../../platform-kit/testing/discord-server.ts';
import type { Asked } from '../../platform-kit/testing/local-server.ts';
import { reaching } from '../../platform-kit/testing/reaching.ts';
import manifest from '../manifest.json' with { type: 'json' };
import plugin from './index.ts';
import { piecesOf } from './messages.ts';
import { openRateLimits, routeOf } from './rate-limits.ts';

const NOWHERE = 'http://127.0.0.1:1';
const secrets = { botToken: 'a-token' };
let discord: DiscordServer;
let act: Act;
let made = 0;

beforeAll(async () => {
  discord = await startDiscord(secrets.botToken);
  act = actingWith(plugin, {
    manifest: reaching(manifest, discord.url),
    config: config({ apiUrl: `${discord.url}/` }),
    secrets,
  });
});
beforeEach(() => void discord.scripted.splice(0));
afterAll(() => discord.close());

const config = (more: object = {}) => ({ guild: GUILD, category: CATEGORY, apiUrl: discord.url, ...more });
const freshGroup = async (more: object = {}): Promise<string> =>
  (await act('createGroup', { name: `Group ${++made}`, ...more })).group;
const once =
  (fits: (asked: Asked) => boolean, reply: ReturnType<typeof rateLimited>) =>
  (asked: Asked): typeof reply | undefined =>
    fits(asked) ? reply : undefined;

describe('a group', () => {
  it('is a role without permissions and a channel that only the role and the bot see', async () => {
    const { group, url } = await act('createGroup', { name: 'Chess Club', description: 'Mondays' });
    const channel = discord.channels.get(group);
    expect(channel).toMatchObject({ name: 'chess-club', topic: 'Mondays', parent_id: CATEGORY });
    const [everyone, role, bot] = channel?.permission_overwrites ?? [];
    expect(everyone).toMatchObject({ id: GUILD, deny: '1024' });
    expect(discord.roles.get(String(role?.id))).toMatchObject({ name: 'Chess Club', permissions: '0' });
    expect([role?.allow, bot?.allow, bot?.type]).toEqual(['3072', '3072', 1]);
    expect(url).toBe(`https://discord.com/channels/${GUILD}/${group}`);
  });

  it('is there once, however often it is asked for, and another one for another name of the same channel', async () => {
    const first = await act('createGroup', { name: 'Team A' });
    expect(await act('createGroup', { name: ' Team A ' })).toEqual(first);
    expect((await act('createGroup', { name: 'team-a' })).group).not.toBe(first.group);
  });

  it('that is public hides its channel from nobody', async () => {
    const group = await freshGroup({ visibility: 'public' });
    expect(discord.channels.get(group)?.permission_overwrites.map(({ deny }) => deny)).toEqual(['0', '0']);
  });

  it('leaves no role behind where its channel cannot be made', async () => {
    const roles = discord.roles.size;
    const full = { status: 400, body: { code: 30_013, message: 'Maximum number of guild channels reached' } };
    discord.scripted.push(
      once(({ method, path }) => method === 'POST' && path.endsWith('/channels'), full as never),
    );
    await expect(freshGroup()).rejects.toMatchObject({
      code: 'platform_refused',
      message: expect.stringContaining('Maximum number'),
    });
    expect(discord.roles.size).toBe(roles);
  });

  it('is deleted with its role, and then was', async () => {
    const group = await freshGroup();
    const roles = discord.roles.size;
    expect(await act('deleteGroup', { group })).toEqual({ deleted: 'now' });
    expect([discord.channels.has(group), discord.roles.size]).toEqual([false, roles - 1]);
    expect(await act('deleteGroup', { group })).toEqual({ deleted: 'before' });
  });

  it('is none of the channels that others have made', async () => {
    const elsewhere = { type: 0, guild_id: GUILD, name: 'staff', topic: '', permission_overwrites: [] };
    discord.channels.set('300000000000000001', {
      ...elsewhere,
      id: '300000000000000001',
      parent_id: '400000000000000000',
    });
    discord.channels.set('300000000000000002', {
      ...elsewhere,
      id: '300000000000000002',
      parent_id: CATEGORY,
    });
    for (const group of ['300000000000000001', '300000000000000002', '../users/@me', '7'])
      await expect(act('deleteGroup', { group }), group).rejects.toMatchObject({ code: 'group_not_found' });
    expect(discord.channels.has('300000000000000001')).toBe(true);
  });

  it('never gives a role that can do more', async () => {
    const group = await freshGroup();
    const channel = discord.channels.get(group);
    const role = discord.roles.get(String(channel?.permission_overwrites[1]?.id));
    if (role) role.permissions = '8';
    const member = { id: discord.join('mallory') };
    await expect(act('addMember', { group, member })).rejects.toMatchObject({ code: 'group_not_found' });
  });
});

describe('a member', () => {
  it('is added once, by id or user name, and removed once', async () => {
    const group = await freshGroup();
    const id = discord.join('ada');
    discord.join('adalbert');
    expect(await act('addMember', { group, member: { id } })).toEqual({ added: 'now' });
    expect(await act('addMember', { group, member: { id: '@Ada' } })).toEqual({ added: 'before' });
    expect(await act('listMembers', { group })).toEqual({ members: [{ id, name: 'ada' }] });
    expect(await act('removeMember', { group, member: { id: 'ada' } })).toEqual({ removed: 'now' });
    expect(await act('removeMember', { group, member: { id } })).toEqual({ removed: 'before' });
  });

  it('that is not on the server cannot be added, and is not in the group', async () => {
    const group = await freshGroup();
    for (const id of ['999999999999999999', 'ad', 'nobody'])
      await expect(act('addMember', { group, member: { id } })).rejects.toMatchObject({
        code: 'member_not_found',
      });
    expect(await act('removeMember', { group, member: { id: 'nobody' } })).toEqual({ removed: 'before' });
  });

  it('is found on a later page of a large server', async () => {
    const group = await freshGroup();
    for (let count = 0; count < 600; count++) discord.join(`student-${count}`);
    const last = discord.join('last');
    await act('addMember', { group, member: { id: last } });
    const pages: object[][] = [];
    for (let cursor: string | undefined = ''; cursor !== undefined;) {
      const page = await act('listMembers', { group, ...(cursor === '' ? {} : { cursor }) });
      pages.push(page.members);
      cursor = page.nextCursor;
    }
    expect(pages).toEqual([[], [], [{ id: last, name: 'last' }]]);
  });
});

describe('a message', () => {
  it('calls nobody, and goes on in others where it is long', async () => {
    const group = await freshGroup();
    const text = `@everyone ${'word '.repeat(1_000)}end`;
    const { message, url } = await act('postMessage', { group, text, title: 'News' });
    const posted = discord.messages.filter(({ channel }) => channel === group);
    expect(posted).toHaveLength(3);
    expect(posted.map(({ content }) => content).join('')).toBe(`**News**\n${text}`);
    expect(posted[0]?.allowed_mentions).toEqual({ parse: [] });
    expect(url).toBe(`https://discord.com/channels/${GUILD}/${group}/${message}`);
  });

  it('of white space alone is refused, and no character is cut in two', async () => {
    const group = await freshGroup();
    await expect(act('postMessage', { group, text: ' \n' })).rejects.toMatchObject({
      code: 'platform_refused',
    });
    expect(piecesOf({ text: `a${'😀'.repeat(1_200)}` }).every((piece) => piece.isWellFormed())).toBe(true);
  });
});

describe('when Discord asks to wait', () => {
  const asksForMessages = ({ path }: Asked): boolean => path.endsWith('/messages');

  it('waits as long as it says and sends the request again', async () => {
    const group = await freshGroup();
    discord.scripted.push(
      once(asksForMessages, rateLimited(0.1)),
      once(asksForMessages, rateLimited(0.1, 'global')),
    );
    const posted = discord.messages.length;
    await act('postMessage', { group, text: 'late' });
    expect(discord.messages.length).toBe(posted + 1);
  });

  it('gives up at once where there is no time for it, and does not ask again before', async () => {
    const group = await freshGroup();
    discord.scripted.push(once(asksForMessages, rateLimited(60)));
    const wish = { group, text: 'much later' };
    const answer = { code: 'platform_unavailable', message: expect.stringContaining('60 seconds') };
    await expect(act('postMessage', wish)).rejects.toMatchObject(answer);
    const asked = discord.requests.length;
    await expect(act('postMessage', wish)).rejects.toMatchObject(answer);
    expect(discord.requests.slice(asked)).not.toContain(`POST /channels/${group}/messages`);
  });

  it('counts a route with its channel or server, and waits for what is left of it', () => {
    let nowMs = 0;
    const limits = openRateLimits(() => nowMs);
    const route = routeOf('POST', '/channels/200000000000000001/messages/3?x=1');
    expect(route).toBe('POST /channels/200000000000000001/messages/:id');
    const headers = new Headers({ 'x-ratelimit-remaining': '0', 'x-ratelimit-reset-after': '1.5' });
    expect(limits.learn(route, { status: 200, headers }, null)).toBe(0);
    expect([limits.waitMsFor(route), limits.waitMsFor('GET /users/@me')]).toEqual([1_500, 0]);
    nowMs = 1_500;
    expect(limits.waitMsFor(route)).toBe(0);
    limits.learn(route, { status: 429, headers: new Headers({ 'retry-after': '2' }) }, null);
    expect(limits.waitMsFor(route)).toBe(2_000);
    expect(limits.learn(route, { status: 429, headers: new Headers() }, { retry_after: 'x' })).toBe(1_000);
  });
});

describe('what goes wrong', () => {
  it.each([
    [{ status: 502, body: 'Bad Gateway' }, 'platform_unavailable'],
    [{ status: 403, body: { code: 50_013, message: 'Missing Permissions' } }, 'platform_refused'],
    [{ status: 403, body: { code: 50_001, message: 'Missing Access' } }, 'platform_refused'],
    [{ status: 400, body: '<html>' }, 'platform_refused'],
  ])('%j is %s', async (reply, code) => {
    discord.scripted.push(() => reply);
    await expect(freshGroup()).rejects.toMatchObject({ code });
    discord.scripted.splice(0);
  });

  it('a server that cannot be reached, and a token that Discord does not take', async () => {
    const nowhere = actingWith(plugin, {
      manifest: reaching(manifest, NOWHERE),
      config: config({ apiUrl: NOWHERE }),
      secrets,
    });
    await expect(nowhere('createGroup', { name: 'x' })).rejects.toMatchObject({
      code: 'platform_unavailable',
    });
    discord.scripted.push(() => ({ status: 401, body: { code: 0, message: '401: Unauthorized' } }));
    await expect(freshGroup()).rejects.toMatchObject({ message: expect.stringContaining('bot token') });
  });

  it('tells how it is', async () => {
    const souk = createTestHost({ manifest: reaching(manifest, discord.url), config: config(), secrets });
    expect(await souk.run((host) => plugin.health(host))).toEqual({
      ok: true,
      message: 'gims-bot is on The university',
    });
  });
});
