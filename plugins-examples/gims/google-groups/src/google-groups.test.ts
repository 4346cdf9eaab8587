/** The plugin on the test host, against a local server of Google's APIs. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createTestHost } from 'souk/sdk/testing';
import { actingWith, type Act } from '../../platform-kit/testing/acting.ts';
import {
  ADMIN,
  DOMAIN,
  overQuota,
  startGoogle,
  type GoogleServer,
} from '../../platform-kit/testing/google-server.ts';
import { reaching } from '../../platform-kit/testing/reaching.ts';
import manifest from '../manifest.json' with { type: 'json' };
import plugin from './index.ts';

let google: GoogleServer;
let act: Act;
let made = 0;

beforeAll(async () => {
  google = await startGoogle();
  act = actingWith(plugin, {
    manifest: reaching(manifest, google.url),
    config: config(),
    secrets: { serviceAccount: google.keyFile },
  });
});
beforeEach(() => void google.scripted.splice(0));
afterAll(() => google.close());

const config = (more: object = {}) => ({
  domain: DOMAIN,
  admin: ADMIN,
  prefix: 'club-',
  directoryUrl: google.url,
  settingsUrl: google.url,
  tokenUrl: `${google.url}/token`,
  ...more,
});
const freshGroup = async (): Promise<string> => (await act('createGroup', { name: `Group ${++made}` })).group;
const tokensAsked = (): number => google.requests.filter((each) => each === 'POST /token').length;

describe('a group', () => {
  it('has an address of the domain and is closed to others', async () => {
    const { group } = await act('createGroup', { name: 'Chess Club', description: 'Mondays' });
    const email = `club-chess-club@${DOMAIN}`;
    expect(google.groups.get(group)).toMatchObject({ email, name: 'Chess Club', description: 'Mondays' });
    expect(google.settings.get(email)).toMatchObject({ whoCanJoin: 'INVITED_CAN_JOIN' });
    expect(await act('createGroup', { name: 'Chess Club', visibility: 'public' })).toEqual({ group });
    expect(google.settings.get(email)).toMatchObject({ whoCanJoin: 'ALL_IN_DOMAIN_CAN_JOIN' });
  });

  it('is not one whose address another name has taken', async () => {
    await act('createGroup', { name: 'Team A' });
    await expect(act('createGroup', { name: 'team-a' })).rejects.toMatchObject({
      code: 'platform_refused',
      message: expect.stringContaining('"Team A"'),
    });
  });

  it('has an address of its own in every script', async () => {
    const names = ['Клуб 1', 'Группа 1', '象棋', '将棋', 'Fußball', 'a'.repeat(60), 'a'.repeat(61)];
    const groups = await Promise.all(names.map((name) => act('createGroup', { name })));
    expect(new Set(groups.map(({ group }) => group)).size).toBe(names.length);
    expect((await act('createGroup', { name: 'Müßig' })).group).not.toBe('');
    const locals = [...google.groups.values()].map(({ email }) => String(email.split('@')[0]));
    expect(locals.every((local) => /^[a-z0-9-]{1,64}$/u.test(local))).toBe(true);
  });

  it('does not stay open where its settings cannot be made', async () => {
    google.scripted.push(({ method }) => (method === 'PATCH' ? { status: 500, body: '' } : undefined));
    const before = google.groups.size;
    await expect(freshGroup()).rejects.toMatchObject({ code: 'platform_unavailable' });
    expect(google.groups.size).toBe(before);
  });

  it('is deleted, and then was', async () => {
    const group = await freshGroup();
    expect(await act('deleteGroup', { group })).toEqual({ deleted: 'now' });
    expect(await act('deleteGroup', { group })).toEqual({ deleted: 'before' });
  });

  it('is none of another prefix or domain, and no path', async () => {
    const staff = { email: `staff@${DOMAIN}`, name: 'Staff', description: '', id: 'staff1' };
    google.groups.set('staff1', staff);
    for (const group of ['staff1', staff.email, '..', 'a/../b'])
      await expect(act('deleteGroup', { group }), group).rejects.toMatchObject({ code: 'group_not_found' });
    expect(google.groups.has('staff1')).toBe(true);
  });
});

describe('a member', () => {
  it('is added once and removed once', async () => {
    const group = await freshGroup();
    const member = { id: `ada@${DOMAIN}` };
    google.people.add(member.id);
    expect(await act('addMember', { group, member })).toEqual({ added: 'now' });
    expect(await act('addMember', { group, member })).toEqual({ added: 'before' });
    expect(await act('listMembers', { group })).toEqual({ members: [{ id: member.id }] });
    expect(await act('removeMember', { group, member })).toEqual({ removed: 'now' });
    expect(await act('removeMember', { group, member })).toEqual({ removed: 'before' });
    expect(await act('listMembers', { group })).toEqual({ members: [] });
  });

  it('that Google does not know cannot be added', async () => {
    const group = await freshGroup();
    for (const id of [`nobody@${DOMAIN}`, '..', 'a b@c', 'x/y'])
      await expect(act('addMember', { group, member: { id } }), id).rejects.toMatchObject({
        code: 'member_not_found',
      });
  });

  it('is listed in pages of 200', async () => {
    const group = await freshGroup();
    const all = Array.from({ length: 250 }, (_, index) => ({
      id: `i${index}`,
      email: `s${index}@${DOMAIN}`,
      role: 'MEMBER',
    }));
    google.members.set(group, all);
    const { members, nextCursor } = await act('listMembers', { group });
    const rest = await act('listMembers', { group, cursor: nextCursor });
    expect([members.length, rest.members.length, rest.nextCursor]).toEqual([200, 50, undefined]);
  });
});

describe('access', () => {
  it('is asked for once, and again when the token is no longer taken', async () => {
    const group = await freshGroup();
    const before = tokensAsked();
    await act('listMembers', { group });
    expect(tokensAsked()).toBe(before);
    google.revokeTokens();
    expect(await act('listMembers', { group })).toEqual({ members: [] });
    expect(tokensAsked()).toBe(before + 1);
  });

  it.each([
    ['no JSON', 'no JSON'],
    ['no key', '{}'],
    ['a key that is none', JSON.stringify({ client_email: 'a', private_key: 'none' })],
  ])('is refused for %s, without a word of the secret', async (_name, serviceAccount) => {
    const other = actingWith(plugin, {
      manifest: reaching(manifest, google.url),
      config: config(),
      secrets: { serviceAccount },
    });
    const error = await other('createGroup', { name: 'x' }).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({
      code: 'platform_refused',
      message: expect.stringMatching(/serviceAccount/u),
    });
  });

  it('is refused for an account that Google does not admit', async () => {
    const other = actingWith(plugin, {
      manifest: reaching(manifest, google.url),
      config: config({ admin: `someone@${DOMAIN}` }),
      secrets: { serviceAccount: google.keyFile },
    });
    await expect(other('createGroup', { name: 'x' })).rejects.toMatchObject({
      code: 'platform_refused',
      message: expect.stringContaining('Invalid JWT Signature'),
    });
  });

  it('names the permission that is missing', async () => {
    const denied = actingWith(plugin, {
      manifest: reaching(manifest, google.url),
      config: config(),
      deny: ['secrets'],
    });
    await expect(denied('createGroup', { name: 'x' })).rejects.toMatchObject({
      code: 'platform_refused',
      message: expect.stringContaining('secrets'),
    });
  });
});

describe('what Google refuses for now', () => {
  it('is asked again after a pause', async () => {
    const group = await freshGroup();
    google.scripted.push(
      () => overQuota,
      () => ({ status: 429, body: {} }),
    );
    expect(await act('listMembers', { group })).toEqual({ members: [] });
  });

  it('is given up at once where there is no time', async () => {
    const group = await freshGroup();
    google.scripted.push(() => ({ status: 429, body: {}, headers: { 'retry-after': '60' } }));
    await expect(act('listMembers', { group })).rejects.toMatchObject({ code: 'platform_unavailable' });
  });

  it.each([
    [{ status: 503, body: 'busy' }, 'platform_unavailable'],
    [
      { status: 403, body: { error: { code: 403, message: 'Not Authorized', errors: [] } } },
      'platform_refused',
    ],
  ])('%j is %s', async (reply, code) => {
    const group = await freshGroup();
    google.scripted.push(() => reply);
    await expect(act('listMembers', { group })).rejects.toMatchObject({ code });
  });

  it('tells how it is', async () => {
    const souk = createTestHost({
      manifest: reaching(manifest, google.url),
      config: config(),
      secrets: { serviceAccount: google.keyFile },
    });
    expect(await souk.run((host) => plugin.health(host))).toMatchObject({ ok: true });
  });
});
