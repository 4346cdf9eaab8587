/** A member asks for a plugin, an administrator answers, and nobody else hears of it. */
import { expect, it } from 'vitest';
import { testSouk } from '../support/test-souk.ts';

const souk = await testSouk();
const acme = await souk.org('acme');
const globex = await souk.org('globex');
const member = await souk.user('member');
await acme.owner.put(acme.path(`/members/${member.id}`), { role: 'member' });
const ask = (reason = 'We import every week.') =>
  member.client.post(acme.path('/requests'), { plugin: 'kelompok/importer', reason });

it('a request is made once while it is open', async () => {
  const first = await ask();
  expect(first.status, first.text).toBe(201);
  expect(first.json).toMatchObject({ plugin: 'kelompok/importer', state: 'open', answer: null });
  expect((await ask('again')).json.id).toBe(first.json.id);
});

it('a member does not decide, and another organization sees nothing', async () => {
  const { json: open } = await ask();
  const decision = { state: 'granted', answer: 'Yes.' };
  const byMember = await member.client.post(acme.path(`/requests/${open.id}/decision`), decision);
  expect([byMember.status, byMember.json.code]).toEqual([403, 'role_missing']);
  const foreign = await globex.owner.post(globex.path(`/requests/${open.id}/decision`), decision);
  expect([foreign.status, foreign.json.code]).toEqual([404, 'plugin_request_not_found']);
  expect((await globex.owner.get(globex.path('/requests'))).json.items).toEqual([]);
  expect((await globex.owner.get(acme.path('/requests'))).status).toBe(404);
});

it('an administrator decides once', async () => {
  const { json: open } = await ask();
  const decide = () =>
    acme.owner.post(acme.path(`/requests/${open.id}/decision`), { state: 'declined', answer: 'Too wide.' });
  expect((await decide()).json).toMatchObject({ id: open.id, state: 'declined', answer: 'Too wide.' });
  expect((await decide()).json.code).toBe('plugin_request_not_found');
  const listed = (await member.client.get(acme.path('/requests'))).json.items;
  expect(listed).toEqual([expect.objectContaining({ id: open.id, state: 'declined' })]);
});

it.each([
  ['no plugin id', { plugin: '__proto__', reason: 'x' }, 'not_found'],
  [
    'a reason of 1,001 characters',
    { plugin: 'kelompok/a', reason: 'x'.repeat(1_001) },
    'plugin_request_invalid',
  ],
  ['U+0000 in the reason', { plugin: 'kelompok/a', reason: 'a\0b' }, 'body_not_json'],
  ['an unknown member', { plugin: 'kelompok/a', reason: 'x', state: 'granted' }, 'request_invalid'],
])('is refused: %s', async (_trick, body, code) => {
  expect((await member.client.post(acme.path('/requests'), body)).json.code).toBe(code);
});
