/** What a plugin brings and adds to the modules of the organization that installed it, and of no other. */
import { expect, it } from 'vitest';
import type { PackageDraft } from '../support/test-package.ts';
import { testSouk } from '../support/test-souk.ts';

const souk = await testSouk();
const club = await souk.org('club');
const rival = await souk.org('rival');
const sahabot = await souk.publisher('sahabot', rival);

const tournament = (name: string): PackageDraft => ({
  id: `sahabot/${name}`,
  permissions: [{ name: 'modules.extend', scope: ['tournaments', 'members'] }],
  config: { type: 'object', properties: { seats: { type: 'integer', default: 8 } } },
  contributes: {
    actions: [{ name: `${name}.manage`, title: 'Manage' }],
    modules: [
      {
        name: 'tournaments',
        title: 'Tournaments',
        recordTypes: [
          {
            name: 'match',
            schema: { type: 'object', properties: { code: { type: 'string' } } },
            keys: [['code']],
          },
        ],
        actions: [`${name}.manage`],
      },
      {
        extends: 'members',
        extensions: [
          { recordType: 'member', fields: { type: 'object', properties: { racer: { type: 'string' } } } },
        ],
      },
    ],
  },
});

await sahabot.ship(tournament('tournament'), tournament('ladder'));

async function module(name: string, org = club) {
  return (await org.owner.get(org.path(`/modules/${name}`))).json;
}

it('the core stands in the registry as plugins do', async () => {
  const { status, json } = await club.owner.get(club.path('/modules'));
  expect(status).toBe(200);
  expect(
    json.items.map(({ name, status: its, broughtBy }: Record<string, unknown>) => [name, its, broughtBy]),
  ).toEqual(['events', 'members', 'organizations', 'posts'].map((name) => [name, 'inForce', null]));
  const { json: page } = await club.owner.get(club.path('/modules?limit=3'));
  const { json: rest } = await club.owner.get(club.path(`/modules?limit=3&cursor=${page.nextCursor}`));
  expect(rest.items.map(({ name }: { name: string }) => name)).toEqual(['posts']);
  expect((await club.owner.get(club.path('/modules/__proto__'))).status).toBe(404);
});

it('a plugin brings a module and extends another one, in its own organization only', async () => {
  await club.install('sahabot/tournament');
  const brought = await module('tournaments');
  expect(brought).toMatchObject({
    qualifiedName: 'sahabot.tournament.tournaments',
    status: 'inForce',
    broughtBy: { plugin: 'sahabot/tournament', version: '1.0.0' },
    actions: [{ plugin: 'sahabot/tournament', action: 'tournament.manage' }],
    settings: [{ plugin: 'sahabot/tournament', config: { seats: 8 } }],
  });
  expect(brought.recordTypes[0]).toMatchObject({ name: 'match', qualifiedName: 'sahabot.tournament.match' });
  const members = await module('members');
  expect(members.broughtBy).toBeNull();
  expect(members.recordTypes[0].schema.required).toEqual(['name']);
  expect(members.recordTypes[0].extensions).toEqual([
    {
      plugin: 'sahabot/tournament',
      fields: { type: 'object', properties: { racer: { type: 'string' } } },
      validators: [],
    },
  ]);
  expect((await module('members', rival)).extensions).toEqual([]);
  expect((await module('tournaments', rival)).code).toBe('not_found');
});

it('a second plugin with the same names is a conflict in the plan, and bare names stop to resolve', async () => {
  const { json: plan } = await club.plan({ kind: 'install', plugin: 'sahabot/ladder' });
  expect(plan.conflicts.map(({ kind, name }: Record<string, string>) => [kind, name]).sort()).toEqual([
    ['module', 'tournaments'],
    ['recordType', 'match'],
  ]);
  await club.install('sahabot/ladder');
  expect(await module('tournaments')).toMatchObject({
    code: 'name_ambiguous',
    names: ['sahabot.ladder.tournaments', 'sahabot.tournament.tournaments'],
  });
  expect(await module('sahabot.ladder.tournaments')).toMatchObject({ status: 'inForce' });
});

it('what is deactivated or not granted any more is out of force', async () => {
  await club.step('sahabot/ladder', 'deactivate');
  expect(await module('sahabot.ladder.tournaments')).toMatchObject({ status: 'pluginNotActive' });
  expect((await module('members')).recordTypes[0].extensions).toHaveLength(1);
  const narrowed = await club.owner.put(club.path('/plugins/sahabot/tournament/grants'), {
    grants: [{ name: 'modules.extend', scope: ['tournaments'] }],
  });
  expect(narrowed.status, narrowed.text).toBe(200);
  expect((await module('members')).extensions.map(({ status }: { status: string }) => status).sort()).toEqual(
    ['notGranted', 'pluginNotActive'],
  );
  expect((await module('members')).recordTypes[0].extensions).toEqual([]);
  expect(await module('sahabot.tournament.tournaments')).toMatchObject({ status: 'inForce' });
});
