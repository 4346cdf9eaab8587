/** Rights that a plugin defines, mapped by the organization to its roles, and honoured at the gateway. */
import { expect, it } from 'vitest';
import type { HttpClient } from '../support/http-client.ts';
import { testSouk } from '../support/test-souk.ts';

const souk = await testSouk();
const acme = await souk.org('acme');
const globex = await souk.org('globex');
const kelompok = await souk.publisher('kelompok', acme);
const PLUGIN = 'kelompok/importer';
await kelompok.ship({
  id: PLUGIN,
  endpoints: [
    { method: 'GET', path: '/run', access: 'action:imports.run' },
    { method: 'GET', path: '/view', access: 'action:imports.view' },
    { method: 'GET', path: '/drop', access: 'action:imports.drop' },
  ],
  contributes: {
    actions: [
      { name: 'imports.run', title: 'Run imports' },
      { name: 'imports.view', title: 'See imports', default: 'member' },
      { name: 'imports.drop', title: 'Drop imports', default: 'owner' },
    ],
  },
});
for (const org of [acme, globex]) await org.install(PLUGIN);
const colleague = async (role: string): Promise<HttpClient> => {
  const user = await souk.user(role);
  await acme.owner.put(acme.path(`/members/${user.id}`), { role });
  return user.client;
};
const [member, admin] = [await colleague('member'), await colleague('admin')];
const calls = async (client: HttpClient): Promise<unknown> => {
  const answers: unknown[] = [];
  for (const path of ['/view', '/run', '/drop']) {
    const { status, json } = await client.get(acme.endpoint(PLUGIN, path));
    answers.push(status === 200 ? 'yes' : json.code);
  }
  return answers;
};
const map = (action: string, role: string, client = acme.owner) =>
  client.put(acme.path(`/plugins/${PLUGIN}/actions/${action}`), { role });
const NO = 'role_missing';

it("counts the author's proposal, or administrators, until the organization decides", async () => {
  expect(await calls(member)).toEqual(['yes', NO, NO]);
  expect(await calls(admin)).toEqual(['yes', 'yes', NO]);
  expect(await calls(acme.owner)).toEqual(['yes', 'yes', 'yes']);
  expect(await calls(globex.owner)).toEqual(['not_found', 'not_found', 'not_found']);
  expect(await calls(souk.anyone)).toEqual(Array.from({ length: 3 }, () => 'authentication_required'));
});

it('is decided by an administrator, and counts at once', async () => {
  const mapped = await map('imports.run', 'member', admin);
  expect(mapped.status, mapped.text).toBe(200);
  expect(mapped.json.items[0]).toEqual({
    name: 'imports.run',
    title: 'Run imports',
    default: 'admin',
    role: 'member',
  });
  await map('imports.view', 'owner');
  expect(await calls(member)).toEqual([NO, 'yes', NO]);
  expect(await calls(admin)).toEqual([NO, 'yes', NO]);
  const elsewhere = await globex.owner.get(globex.path(`/plugins/${PLUGIN}/actions`));
  expect(elsewhere.json.items.map(({ role }: { role: string }) => role)).toEqual([
    'admin',
    'member',
    'owner',
  ]);
});

it.each([
  ['by a member', () => map('imports.run', 'member', member), NO],
  ['by another organization', () => map('imports.run', 'member', globex.owner), 'not_found'],
  ['about an action that the plugin lacks', () => map('__proto__', 'member'), 'action_unknown'],
  ['with a role that is none', () => map('imports.run', 'everybody'), 'request_invalid'],
])('is refused: a decision %s', async (_trick, attempt, code) => {
  expect((await attempt()).json.code).toBe(code);
});

it('is forgotten with the installation', async () => {
  expect((await acme.owner.delete(acme.path(`/plugins/${PLUGIN}`))).status).toBe(204);
  await acme.install(PLUGIN);
  expect(await calls(member)).toEqual(['yes', NO, NO]);
});
