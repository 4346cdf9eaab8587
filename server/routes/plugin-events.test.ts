/** Events between plugins through a real server: declared, granted, delivered in order, retried, dead, replayed. */
import { beforeAll, describe, expect, it } from 'vitest';
import { EVENT_LIMITS } from '../../spec/limits.ts';
import type { Permission } from '../../spec/permission.ts';
import type { PluginId } from '../../spec/plugin-id.ts';
import type { TestOrg } from '../../tests/support/test-org.ts';
import { startSoukOn, testDatabase } from '../../tests/support/test-souk.ts';

const EMITTER = `
export default {
  async fetch(request, host) {
    const { name, data, options, times } = await request.json();
    try {
      const told = [];
      for (let index = 0; index < (times ?? 1); index++) {
        told.push(await host.events.emit(name, times === undefined ? data : { n: index }, options));
      }
      return Response.json(told[0]);
    } catch (error) { return Response.json({ code: error.code, message: error.message }); }
  },
};
`;

/** Remembers what it heard, also where two events come at once; fails while the data says so. */
const LISTENER = `
const heard = async (event, host) => {
  for (let stored = false; !stored; ) {
    const before = await host.kv.getEntry('heard');
    const line = [event.name, event.key, event.data, event.emitter, event.attempt];
    ({ stored } = await host.kv.compareAndSet('heard', before?.version ?? 0, [...(before?.value ?? []), line]));
  }
  if (event.data?.fail && !(await host.kv.get('mended'))) throw new Error('I always throw');
  if (event.data?.storm) throw new Error('no');
};
export default {
  async fetch(request, host) {
    if (request.method === 'POST') { await host.kv.set('mended', true); return new Response('ok'); }
    return Response.json((await host.kv.get('heard')) ?? []);
  },
  events: { 'race.finished': heard, 'race.*': heard, 'invitations.send-requested': heard, 'house.racetime.race.reset': heard,
    'installation.activated': heard, 'ping.a': heard },
};
`;

/** Answers each event with the other one: two of them never end by themselves. */
const LOOPER = `
export default {
  async fetch(_request, host) { return Response.json((await host.kv.get('depths')) ?? 0); },
  events: { 'loop.round': async (event, host) => {
    await host.kv.set('depths', ((await host.kv.get('depths')) ?? 0) + 1);
    await host.events.emit('loop.round', {});
  } },
};
`;

const emit = (...scope: string[]): Permission => ({ name: 'events.emit', scope, reason: 'Tells.' });
const hear = (...scope: string[]): Permission => ({ name: 'events.subscribe', scope, reason: 'Hears.' });
const KV: Permission = { name: 'kv', reason: 'Remembers.' };

const database = await testDatabase();
const souk = await startSoukOn(database.url, { environment: { SOUK_EVENT_ATTEMPTS: '2' } });
let org: TestOrg;
let rival: TestOrg;

beforeAll(async () => {
  org = await souk.org('acme');
  rival = await souk.org('rival');
  const house = await souk.publisher('house', org);
  const emits = {
    'race.finished': { type: 'object', properties: { winner: { type: 'string' } } },
    'race.reset': {},
    'ping.a': {},
  };
  const listener = (id: PluginId, subscribes: string[], ...permissions: Permission[]) => ({
    id,
    code: LISTENER,
    contributes: { events: { subscribes } },
    permissions: [KV, ...permissions],
  });
  await house.ship(
    {
      id: 'house/racetime',
      code: EMITTER,
      contributes: { events: { emits } },
      permissions: [emit('race.*', 'ping.a', 'undeclared.name')],
    },
    listener('house/exact', ['race.finished', 'ping.a'], hear('race.finished', 'ping.a')),
    listener('house/pattern', ['race.*'], hear('race.*')),
    listener('house/full', ['house.racetime.race.reset'], hear('house.racetime.*')),
    listener(
      'house/app',
      ['invitations.send-requested', 'installation.activated'],
      hear('invitations.*', 'installation.*'),
    ),
    {
      id: 'house/looper',
      code: LOOPER,
      contributes: { events: { emits: { 'loop.round': {} }, subscribes: ['loop.round'] } },
      permissions: [KV, emit('loop.round'), hear('loop.round')],
    },
  );
  for (const name of ['racetime', 'exact', 'pattern', 'full', 'app', 'looper'] as const)
    await org.install(`house/${name}`);
  await rival.install('house/racetime');
  await rival.install('house/exact');
});

type Heard = [
  name: string,
  key: string | null,
  data: Record<string, unknown> | null,
  emitter: string,
  attempt: number,
];

async function heard(by: PluginId, from = org): Promise<Heard[]> {
  return (await from.call(by, '/')).json;
}

async function tell(body: object, from = org): Promise<Record<string, unknown>> {
  return (await from.anyone.post(from.endpoint('house/racetime', '/'), body)).json;
}

const soon = (ask: () => unknown) => expect.poll(ask, { timeout: 30_000, interval: 50 });

describe('an event of a plugin', () => {
  it('reaches who subscribes to its name, a pattern, or its full name; and nobody elsewhere', async () => {
    const told = await tell({
      name: 'race.finished',
      data: { winner: 'Ada', nul: '\0' },
      options: { key: 'r1' },
    });
    expect(told).toMatchObject({ subscribers: 2 });
    const event = ['race.finished', 'r1', { winner: 'Ada', nul: '\0' }, 'house/racetime', 1];
    await soon(() => heard('house/exact')).toEqual([event]);
    await soon(() => heard('house/pattern')).toEqual([event]);
    expect(await tell({ name: 'race.reset' })).toMatchObject({ subscribers: 2 });
    const reset = ['race.reset', null, null, 'house/racetime', 1];
    await soon(() => heard('house/full')).toEqual([reset]);
    await soon(() => heard('house/pattern')).toEqual([event, reset]);
    expect(await heard('house/exact', rival)).toEqual([]);
  });

  it('comes in order within its key', async () => {
    const before = (await heard('house/pattern')).length;
    await tell({ name: 'race.reset', times: 20, options: { key: 'ordered' } });
    await soon(async () => (await heard('house/pattern')).length).toBe(before + 20);
    const numbers = (await heard('house/pattern')).slice(before).map(([, , data]) => data?.['n']);
    expect(numbers).toEqual([...Array(20).keys()]);
  });

  it.each([
    [{ name: 'race.finished', data: { winner: 1 } }, 'event_data_invalid'],
    [{ name: 'undeclared.name' }, 'event_undeclared'],
    [{ name: 'race.constructor' }, 'event_undeclared'],
    [{ name: 'race.finished', data: { winner: 'x'.repeat(70_000) } }, 'event_invalid'],
    [{ name: 'race.finished', options: { key: '' } }, 'event_invalid'],
    [{ name: 'race.finished', options: { key: '\0' } }, 'event_invalid'],
    [{ name: 'other.name' }, 'permission_denied'],
    [{ name: 'installation.activated' }, 'permission_denied'],
  ])('is refused: %o', async (body, code) => {
    expect(await tell(body)).toMatchObject({ code });
  });
});

describe('an event whose handler fails', () => {
  it('holds its key until it is a dead letter, disturbs nobody else, and is replayed', async () => {
    const key = 'failing';
    await tell({ name: 'ping.a', data: { fail: true }, options: { key } });
    await tell({ name: 'ping.a', data: { second: true }, options: { key } });
    await tell({ name: 'ping.a', data: { other: true }, options: { key: 'free' } });
    await soon(() => heard('house/exact')).toContainEqual([
      'ping.a',
      'free',
      { other: true },
      'house/racetime',
      1,
    ]);
    await soon(() => heard('house/exact')).toContainEqual([
      'ping.a',
      key,
      { second: true },
      'house/racetime',
      1,
    ]);
    const inLane = (await heard('house/exact')).filter(([, each]) => each === key);
    expect(inLane.map(([, , data, , attempt]) => [Object.keys(data ?? {})[0], attempt])).toEqual([
      ['fail', 1],
      ['fail', 2],
      ['second', 1],
    ]);
    const path = org.path('/events/dead-letters');
    const { json } = await org.owner.get(path);
    expect(json.items).toMatchObject([
      {
        plugin: 'house/exact',
        attempts: 2,
        error: 'exception: Error: I always throw',
        event: { name: 'ping.a', key },
      },
    ]);
    await org.anyone.post(org.endpoint('house/exact', '/'));
    expect((await org.owner.post(`${path}/${json.items[0].id}/replay`)).json).toEqual({ replayed: 1 });
    await soon(async () => (await heard('house/exact')).filter(([, each]) => each === key).length).toBe(4);
    expect((await org.owner.get(path)).json.items).toEqual([]);
    expect((await org.owner.post(`${path}/1/replay`)).json.code).toBe('dead_letter_not_found');
    expect((await org.owner.delete(`${path}/${json.items[0].id}`)).json.code).toBe('dead_letter_not_found');
  });

  it('ends where the events that plugins answer each other with lead too deep', async () => {
    const started = await org.owner.post(org.path('/events'), { name: 'loop.round', data: {} });
    expect(started.json).toMatchObject({ subscribers: 1 });
    await soon(async () => {
      const { json } = await org.owner.get(org.path('/events/dead-letters?plugin=house/looper'));
      return json.items.map(({ error }: { error: string }) => error);
    }).toEqual([expect.stringContaining('events led to this one')]);
    // The seventeenth failed twice.
    expect((await org.call('house/looper', '/')).json).toBe(18);
    const { json } = await org.owner.post(org.path('/events/dead-letters/replay'), { plugin: 'house/exact' });
    expect(json).toEqual({ replayed: 0 });
  });
});

describe('what Souk and administrators tell', () => {
  it('reaches subscribers with core as its emitter', async () => {
    await soon(() => heard('house/app')).toContainEqual([
      'installation.activated',
      'house/looper',
      expect.objectContaining({ plugin: 'house/looper', state: 'active' }),
      'core',
      1,
    ]);
    const body = { name: 'invitations.send-requested', key: 'i1', data: { to: 'ada@example.org' } };
    expect((await org.owner.post(org.path('/events'), body)).status).toBe(202);
    await soon(() => heard('house/app')).toContainEqual([
      'invitations.send-requested',
      'i1',
      { to: 'ada@example.org' },
      'core',
      1,
    ]);
    const audit = await org.owner.get(org.path('/audit?limit=20'));
    expect(audit.json.items.map(({ action }: { action: string }) => action)).toContain('event.emitted');
  });

  it.each([
    [{ name: 'installation.deleted', data: {} }, 'event_reserved'],
    [{ name: 'house.racetime.race.reset', data: {} }, 'event_reserved'],
    [{ name: 'nobody.knows.race.reset', data: {} }, 'event_reserved'],
    [{ name: '__proto__', data: {} }, 'event_invalid'],
    [{ name: 'x'.repeat(150), data: {} }, 'event_invalid'],
    [{ name: 'a.b', data: 'x'.repeat(70_000) }, 'event_invalid'],
    [{ data: {} }, 'request_invalid'],
  ])('is refused: %o', async (body, code) => {
    expect((await org.owner.post(org.path('/events'), body)).json.code).toBe(code);
  });

  it('is for administrators', async () => {
    const { id, client } = await souk.user('Bo');
    await org.owner.put(org.path(`/members/${id}`), { role: 'member' });
    expect((await client.post(org.path('/events'), { name: 'a.b', data: {} })).json.code).toBe(
      'role_missing',
    );
    expect((await client.get(org.path('/events/dead-letters'))).json.code).toBe('role_missing');
    expect((await rival.owner.get(org.path('/events/dead-letters'))).json.code).toBe('not_found');
  });
});

describe('an organization in which too many events wait', () => {
  it('does not keep Souk from telling the others what happened there', async () => {
    await rival.install('house/app');
    await database.superuser.query(
      `insert into event_delivery (org_id, event_id, installation_id, subscription, lane, is_fact, state, attempts)
        select each.org_id, each.event_id, each.installation_id, 'full', 'full', false, 'waiting', 0
          from (select installation.org_id, installation.id as installation_id, event.id as event_id
            from installation, event where installation.org_id = $1 and event.org_id = $1 limit 1) as each,
          generate_series(1, ${EVENT_LIMITS.waitingPerOrganizationMax})`,
      [org.id],
    );
    await soon(() => tell({ name: 'ping.a', data: {} })).toMatchObject({ code: 'events_too_many' });
    expect((await org.step('house/full', 'deactivate')).status).toBe(200);
    await rival.install('house/full');
    const told = ['installation.activated', 'house/full', expect.anything(), 'core', 1];
    await soon(() => heard('house/app', rival)).toContainEqual(told);
    await database.superuser.query(`delete from event_delivery where lane = 'full'`);
    await soon(() => tell({ name: 'ping.a', data: {} })).toMatchObject({ subscribers: 1 });
    await org.step('house/full', 'activate');
  });
});

describe('a subscriber that is not active any more', () => {
  it('holds nothing up: what waited for it is a dead letter', async () => {
    // Its next try is far away from the moment on in which it has failed once: no pause of this process lets it come.
    await database.superuser.query(
      `create function put_far_off() returns trigger language plpgsql
         as $$ begin new.due_at := now() + interval '1 hour'; return new; end $$;
       create trigger put_far_off before update on event_lane for each row
         when (old.holder is not null and new.holder is null) execute function put_far_off()`,
    );
    await tell({ name: 'race.reset', data: { storm: true }, options: { key: 'late' } });
    await soon(async () => {
      const { items } = (await org.owner.get(org.path('/events/waiting'))).json;
      return items.find(({ plugin }: { plugin: string }) => plugin === 'house/pattern');
    }).toMatchObject({
      waiting: 1,
      deadLetters: 0,
      putOff: 0,
      error: 'exception: Error: no',
      waitingSince: expect.any(String),
      nextTryAt: expect.any(String),
    });
    expect((await rival.owner.get(rival.path('/events/waiting'))).json.items).not.toContainEqual(
      expect.objectContaining({ plugin: 'house/pattern' }),
    );
    expect((await org.step('house/pattern', 'deactivate')).status).toBe(200);
    expect(await tell({ name: 'race.finished', data: {}, options: { key: 'late' } })).toMatchObject({
      subscribers: 1,
    });
    await database.superuser.query(
      `drop trigger put_far_off on event_lane; update event_lane set due_at = now() where holder is null`,
    );
    await soon(async () => {
      const { json } = await org.owner.get(org.path('/events/dead-letters?plugin=house/pattern'));
      return json.items.map(({ error }: { error: string }) => error);
    }).toEqual(['The plugin is not active any more.']);
  });
});
