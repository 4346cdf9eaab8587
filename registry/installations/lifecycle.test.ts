import { setImmediate, setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { JsonObject } from '../../spec/json.ts';
import type { PluginId } from '../../spec/plugin-id.ts';
import { openInstallations } from './index.ts';
import {
  carryOutRequest,
  recordingRuntime,
  startFixture,
  type Fixture,
  type Org,
} from '../../tests/support/installations.ts';
import { INSTALLATION_STATES, LIFECYCLE_STEPS, stateAfter, TRANSITIONS } from './state.ts';

let fixture: Fixture;
let org: Org;
let orgs = 0;
let clockShiftMs = 0;

beforeAll(async () => {
  fixture = await startFixture([], () => new Date(Date.now() + clockShiftMs));
  await fixture.publish({ id: 'house/a', version: '1.0.0' });
  await fixture.publish({ id: 'house/b', version: '1.0.0', dependencies: { 'house/a': '*' } });
  await fixture.publish({ id: 'house/c', version: '1.0.0', dependencies: { 'house/b': '*' } });
  await fixture.publish({
    id: 'house/needs-config',
    version: '1.0.0',
    config: {
      type: 'object',
      required: ['channel', 'token'],
      properties: {
        channel: { type: 'string' },
        token: { type: 'string' },
        format: { type: 'object', properties: { comma: { type: 'string', default: ',' } } },
      },
    },
  });
});

beforeEach(async () => {
  orgs += 1;
  org = await fixture.org(`club-${orgs}`);
  clockShiftMs = 0;
  fixture.runtime.calls.length = 0;
  fixture.runtime.failing.clear();
});

afterAll(() => fixture.close());

function nested(levels: number): JsonObject {
  let config: JsonObject = {};
  for (let level = 0; level < levels; level += 1) config = { config };
  return config;
}

async function install(plugin: PluginId): Promise<void> {
  await carryOutRequest(fixture, org, { kind: 'install', plugin });
}

async function states(): Promise<string[]> {
  return (await fixture.installations.list(org.id)).map(({ plugin, state }) => `${plugin} ${state}`);
}

async function setState(plugin: string, state: string, deadline: string | null): Promise<void> {
  await fixture.test.superuser.query(
    'update installation set state = $1, step_deadline_at = $2 where org_id = $3 and plugin_id = $4',
    [state, deadline, org.id, plugin],
  );
}

describe('the table of transitions', () => {
  it('has a way out of every state, and ends in one of them', () => {
    for (const state of INSTALLATION_STATES) {
      const targets = Object.values(TRANSITIONS[state]);
      expect(targets.length).toBeGreaterThan(0);
      for (const target of targets) expect([...INSTALLATION_STATES, 'gone']).toContain(target);
    }
  });

  it.each(
    INSTALLATION_STATES.flatMap((state) =>
      LIFECYCLE_STEPS.filter((step) => !TRANSITIONS[state][step]).map((step) => [state, step] as const),
    ),
  )('%s does not take the step %s', (state, step) => {
    const isUnderWay = state === 'activating' || state === 'deactivating';
    const code = isUnderWay ? 'transition_in_progress' : 'transition_not_allowed';
    expect(() => stateAfter(state, step, 'house/a')).toThrow(expect.objectContaining({ code }) as Error);
  });

  it.each([
    ['installed', 'transition_not_allowed', ['deactivate']],
    ['active', 'transition_not_allowed', ['activate']],
    ['inactive', 'transition_not_allowed', ['deactivate']],
    ['activating', 'transition_in_progress', ['activate', 'deactivate', 'uninstall']],
    ['deactivating', 'transition_in_progress', ['activate', 'deactivate', 'uninstall']],
  ] as const)('an installation that is %s is refused with %s', async (state, code, steps) => {
    await install('house/a');
    await setState('house/a', state, state.endsWith('ing') ? '2999-01-01' : null);
    for (const step of steps) {
      await expect(fixture.installations[step](org.acting, 'house/a', 'refuse')).rejects.toMatchObject({
        code,
      });
    }
    expect(await states()).toEqual([`house/a ${state}`]);
    expect(fixture.runtime.calls).toEqual([]);
  });

  it.each(['activate', 'deactivate', 'uninstall'] as const)('%s needs an installation', async (step) => {
    for (const plugin of ['house/a', '__proto__/constructor', 'no plugin'] as PluginId[]) {
      const refused = fixture.installations[step](org.acting, plugin, 'refuse');
      await expect(refused).rejects.toMatchObject({ name: 'Refusal' });
    }
  });
});

describe('a chain of three', () => {
  it('is activated and deactivated in order', async () => {
    await install('house/c');
    await fixture.installations.activate(org.acting, 'house/c', 'cascade');
    await expect(fixture.installations.deactivate(org.acting, 'house/a', 'refuse')).rejects.toMatchObject({
      code: 'installation_needed',
      extensions: { dependants: ['house/c', 'house/b'] },
    });
    await fixture.installations.deactivate(org.acting, 'house/a', 'cascade');
    expect(fixture.runtime.calls.map((call) => call.slice(0, -6))).toEqual([
      'activate house/a',
      'activate house/b',
      'activate house/c',
      'deactivate house/c',
      'deactivate house/b',
      'deactivate house/a',
    ]);
    expect(await states()).toEqual(['house/a inactive', 'house/b inactive', 'house/c inactive']);
  });

  it('goes back as a whole when its middle fails, and keeps the reason', async () => {
    await install('house/c');
    fixture.runtime.failing.set('house/b', 'boom');
    await expect(fixture.installations.activate(org.acting, 'house/c', 'cascade')).rejects.toMatchObject({
      code: 'activation_failed',
      extensions: { plugin: 'house/b', reason: 'boom' },
    });
    expect(await states()).toEqual(['house/a inactive', 'house/b failed', 'house/c inactive']);
    const { reason } = await fixture.installations.read(org.id, 'house/c');
    expect(reason).toBe('house/b could not be activated: boom');
    expect(await fixture.installations.read(org.id, 'house/b')).toMatchObject({
      status: 'ERROR',
      reason: 'boom',
    });
    fixture.runtime.failing.clear();
    await fixture.installations.activate(org.acting, 'house/c', 'cascade');
    expect(await fixture.installations.read(org.id, 'house/b')).toMatchObject({
      status: 'READY',
      reason: null,
    });
  });

  it('stops as a whole with the emergency brake', async () => {
    await install('house/c');
    await fixture.installations.activate(org.acting, 'house/c', 'cascade');
    expect(await fixture.installations.deactivateAll(org.acting)).toEqual(['house/c', 'house/b', 'house/a']);
    expect(await states()).toEqual(['house/a inactive', 'house/b inactive', 'house/c inactive']);
  });

  it('is not taken from under a plugin that was activated meanwhile', async () => {
    await install('house/c');
    await fixture.installations.activate(org.acting, 'house/b', 'cascade');
    const { deactivate } = fixture.runtime;
    // While house/b goes down, an administrator brings it up again: house/a has to stay.
    fixture.runtime.deactivate = async (guest) => {
      fixture.runtime.deactivate = deactivate;
      await setState('house/c', 'active', null);
      return deactivate(guest);
    };
    await expect(fixture.installations.deactivate(org.acting, 'house/a', 'cascade')).rejects.toMatchObject({
      code: 'installation_needed',
      extensions: { plugin: 'house/a', dependants: ['house/c'] },
    });
    expect(await states()).toEqual(['house/a active', 'house/b inactive', 'house/c active']);
  });

  it('survives a runtime that throws, without telling a stranger why', async () => {
    await install('house/a');
    const { activate } = fixture.runtime;
    fixture.runtime.activate = () => Promise.reject(new TypeError('/secret/path'));
    const refused = fixture.installations.activate(org.acting, 'house/a', 'refuse');
    await expect(refused).rejects.toMatchObject({ code: 'activation_failed' });
    fixture.runtime.activate = activate;
    const { reason } = await fixture.installations.read(org.id, 'house/a');
    expect(reason).not.toContain('secret');
  });
});

describe('configuration', () => {
  it.each([
    ['U+0000', { channel: 'a\0b', token: '' }],
    ['half a surrogate pair', { channel: '\ud800', token: '' }],
    ['U+0000 in a key', { channel: '', token: '', 'a\0': 1 }],
    ['65 KiB', { channel: 'x'.repeat(65 * 1024), token: '' }],
    ['5,000 levels', nested(5_000)],
    ['an array for an object', [] as unknown as JsonObject],
  ])('with %s is refused', async (_name, config) => {
    await install('house/needs-config');
    await expect(
      fixture.installations.setConfig(org.acting, 'house/needs-config', config),
    ).rejects.toMatchObject({
      code: 'config_invalid',
    });
  });

  it('is required in full before the activation, with every violation at once', async () => {
    await install('house/needs-config');
    await expect(
      fixture.installations.activate(org.acting, 'house/needs-config', 'refuse'),
    ).rejects.toMatchObject({ code: 'config_invalid', violations: [{}, {}] });
    await expect(
      fixture.installations.setConfig(org.acting, 'house/needs-config', { channel: 1, token: 2 }),
    ).rejects.toMatchObject({ violations: [{ pointer: '/token' }, { pointer: '/channel' }] });
  });

  it('takes the instance below the organization, and the defaults below both', async () => {
    await install('house/needs-config');
    const instance = { channel: 'instance', token: 'instance', format: {} };
    await fixture.installations.setInstanceConfig(org.acting.actor, 'house/needs-config', instance);
    await fixture.installations.setConfig(org.acting, 'house/needs-config', { channel: 'org' });
    await fixture.installations.activate(org.acting, 'house/needs-config', 'refuse');
    const guest = await fixture.installations.describeGuest(org.slug, 'house/needs-config');
    expect(guest?.guest.config).toEqual({ channel: 'org', token: 'instance', format: { comma: ',' } });
  });
});

describe('a second server', () => {
  it('hears of every change within a second, and its guests change their revision', async () => {
    await install('house/a');
    await fixture.installations.activate(org.acting, 'house/a', 'refuse');
    const elsewhere = await openInstallations({
      database: await fixture.test.open(),
      runtime: recordingRuntime(),
    });
    const seen = async (): Promise<string> => {
      const found = await elsewhere.describeGuest(org.slug, 'house/a');
      return `${found?.active} ${found?.guest.revision}`;
    };
    const first = await seen();
    expect(await seen()).toBe(first);
    await fixture.installations.narrowGrants(org.acting, 'house/a', []);
    await until(async () => (await seen()) !== first);
    expect((await seen()).startsWith('yes')).toBe(true);
    await fixture.installations.deactivate(org.acting, 'house/a', 'refuse');
    await until(async () => (await seen()).startsWith('no'));
    await fixture.installations.uninstall(org.acting, 'house/a', 'refuse');
    await until(async () => (await seen()).startsWith('undefined'));
    await elsewhere.close();
  });

  it('knows what may be called before the first call', async () => {
    await install('house/a');
    await fixture.installations.activate(org.acting, 'house/a', 'refuse');
    const opened = await fixture.test.open();
    const reads: Promise<unknown>[] = [];
    const transaction: typeof opened.transaction = (...args) => {
      const work = opened.transaction(...args);
      reads.push(work);
      return work;
    };
    const elsewhere = await openInstallations({
      database: { ...opened, transaction },
      runtime: recordingRuntime(),
      trustedPublishers: new Set(['house']),
    });
    await until(async () => reads.length > 0);
    await Promise.all(reads);
    await setImmediate();
    const known = elsewhere.describeGuestOf(org.acting.orgId, 'house/a');
    expect(known).not.toBeInstanceOf(Promise);
    expect(known).toEqual(await fixture.installations.describeGuest(org.slug, 'house/a'));
    expect(reads).toHaveLength(1);
    await elsewhere.close();
  });

  it('keeps nothing while notifications may be missed', async () => {
    await install('house/a');
    const database = await fixture.test.open();
    const elsewhere = await openInstallations({ database, runtime: recordingRuntime() });
    await elsewhere.describeGuest(org.slug, 'house/a');
    await fixture.test.superuser.query(`alter database ${await databaseName()} connection limit 0`);
    // The line has listened last, or asked for a sign of life since.
    await fixture.test.superuser.query(
      `select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database()
         and (query ilike 'listen %' or query = 'select') and pid <> pg_backend_pid()`,
    );
    await until(async () => database.notifications.state() === 'lost');
    // Without a notification: only a server that asks the database sees it.
    await setState('house/a', 'failed', null);
    expect(await elsewhere.describeGuest(org.slug, 'house/a')).toMatchObject({ state: 'failed' });
    await fixture.test.superuser.query(`alter database ${await databaseName()} connection limit -1`);
    await until(async () => database.notifications.state() === 'connected');
    await elsewhere.close();
  });
});

async function databaseName(): Promise<string> {
  const { rows } = await fixture.test.superuser.query<{ name: string }>('select current_database() as name');
  return rows[0]?.name ?? '';
}

async function until(holds: () => Promise<boolean>): Promise<void> {
  while (!(await holds())) await sleep(5);
}

describe('steps that a server did not finish', () => {
  it('are left alone before their deadline and taken up after it, once', async () => {
    await install('house/b');
    await setState('house/a', 'activating', new Date(Date.now() + 30_000).toISOString());
    await setState('house/b', 'deactivating', new Date(Date.now() + 30_000).toISOString());
    expect(await fixture.installations.reconcile()).toBe(0);
    clockShiftMs = 31_000;
    const taken = await Promise.all([fixture.installations.reconcile(), fixture.installations.reconcile()]);
    expect(taken[0] + taken[1]).toBe(2);
    expect(await states()).toEqual(['house/a active', 'house/b inactive']);
    expect(fixture.runtime.calls).toEqual(['activate house/a 1.0.0']);
  });

  it('fail with their reason when they fail again', async () => {
    await install('house/a');
    await setState('house/a', 'activating', '2001-01-01');
    fixture.runtime.failing.set('house/a', `still broken\0\ud800${'x'.repeat(5_000)}`);
    await fixture.installations.reconcile();
    expect(await fixture.installations.read(org.id, 'house/a')).toMatchObject({
      state: 'failed',
      reason: `still broken\uFFFD\uFFFD${'x'.repeat(986)}`,
    });
  });
});
