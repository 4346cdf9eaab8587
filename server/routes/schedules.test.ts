/** Schedules through a real server, whose clock is moved by moving what is due. */
import { beforeAll, describe, expect, it } from 'vitest';
import type { TestOrg } from '../../tests/support/test-org.ts';
import { testSouk, type TestSouk } from '../../tests/support/test-souk.ts';

const CODE = `
export default {
  async fetch(_request, host) { return Response.json((await host.kv.get('ticks')) ?? []); },
  commands: {
    async greet({ name }) { return 'hello ' + name; },
    async wait() { await new Promise((resolve) => setTimeout(resolve, 300_000)); },
  },
  schedules: {
    async sync(tick, host) {
      await host.kv.set('ticks', [...((await host.kv.get('ticks')) ?? []), tick.scheduledAt]);
      return tick.scheduledAt;
    },
    async catchUp() {},
  },
};
`.replace('catchUp', "'catch-up'");

/** Half a year away: whenever the test runs, nothing is due by the clock. */
const FAR_MONTH = ((new Date().getUTCMonth() + 6) % 12) + 1;

const SCHEDULES = [
  { name: 'sync', cron: `*/15 0 1 ${FAR_MONTH} *`, timeZone: 'Europe/Berlin' },
  { name: 'catch-up', cron: `0 3 1 ${FAR_MONTH} *`, missed: 'once' },
] as const;

type View = Record<string, unknown> & { id: string; name: string; nextRuns: string[] };

let souk: TestSouk;
let org: TestOrg;
let rival: TestOrg;

beforeAll(async () => {
  souk = await testSouk();
  org = await souk.org('acme');
  rival = await souk.org('rival');
  const house = await souk.publisher('house', org);
  const commands = [
    {
      name: 'greet',
      arguments: { type: 'object', properties: { name: { type: 'string' } }, required: ['name'] },
    },
    { name: 'wait' },
  ];
  await house.ship(
    {
      id: 'house/clock',
      code: CODE,
      permissions: [{ name: 'kv', reason: 'Counts.' }],
      contributes: { commands, schedules: SCHEDULES },
    },
    {
      id: 'house/clock',
      version: '2.0.0',
      code: CODE,
      permissions: [{ name: 'kv', reason: 'Counts.' }],
      contributes: { commands, schedules: [{ ...SCHEDULES[0], cron: `0 4 1 ${FAR_MONTH} *` }] },
    },
  );
  const plan = await org.plan({ kind: 'install', plugin: 'house/clock', range: '1.0.0' });
  const grants = [{ plugin: 'house/clock', permission: { name: 'kv' } }] as const;
  expect((await org.apply(plan.json.id, grants)).status).toBe(201);
  expect((await org.step('house/clock', 'activate')).status).toBe(200);
});

const soon = (ask: () => unknown) => expect.poll(ask, { timeout: 30_000, interval: 50 });

async function list(from = org): Promise<View[]> {
  return (await from.owner.get(from.path('/schedules'))).json.items;
}

async function named(name: string): Promise<View | undefined> {
  return (await list()).find((each) => each.name === name);
}

async function makeDue(name: string, when = 'now()'): Promise<void> {
  await souk.superuser.query(`update schedule set next_at = ${when} where name = $1 and org_id = $2`, [
    name,
    org.id,
  ]);
}

async function add(body: object): Promise<{ status: number; json: View & { code?: string } }> {
  const whole = {
    plugin: 'house/clock',
    command: 'greet',
    args: { name: 'Ada' },
    cron: `30 6 1 ${FAR_MONTH} *`,
  };
  return org.owner.post(org.path('/schedules'), { name: 'mine', ...whole, ...body });
}

describe('a schedule that a plugin declares', () => {
  it('is shown with its next times, and runs once for a tick', async () => {
    await soon(async () => (await list()).length).toBe(2);
    const sync = await named('sync');
    expect(sync).toMatchObject({
      origin: 'plugin',
      cron: SCHEDULES[0].cron,
      timeZone: 'Europe/Berlin',
      state: 'running',
    });
    expect(sync?.nextRuns).toHaveLength(5);
    await makeDue('sync');
    await soon(async () => (await org.call('house/clock', '/')).json.length).toBe(1);
    const after = await named('sync');
    expect(after).toMatchObject({
      lastNote: 'started',
      lastAt: (await org.call('house/clock', '/')).json[0],
    });
    const jobs = await org.owner.get(org.path(`/jobs?schedule=${sync?.id}`));
    expect(jobs.json.items).toMatchObject([{ kind: 'schedule', name: 'sync', caller: { kind: 'system' } }]);
  });

  it('is skipped or made up for once where it was missed', async () => {
    await makeDue('sync', `now() - interval '3 hours'`);
    await makeDue('catch-up', `now() - interval '3 days'`);
    await soon(async () => (await named('sync'))?.['lastNote']).toBe('missed');
    await soon(async () => (await named('catch-up'))?.['lastNote']).toBe('started');
    const id = (await named('catch-up'))?.id;
    expect((await org.owner.get(org.path(`/jobs?schedule=${id}`))).json.items).toHaveLength(1);
    expect((await org.call('house/clock', '/')).json).toHaveLength(1);
  });

  it('is paused, resumed, and not removed', async () => {
    const { id } = (await named('sync')) ?? {};
    const path = org.path(`/schedules/${id}`);
    expect((await org.owner.post(`${path}/pause`)).json).toMatchObject({ state: 'paused', nextRuns: [] });
    expect((await org.owner.delete(path)).json.code).toBe('schedule_declared');
    expect((await org.owner.post(`${path}/resume`)).json).toMatchObject({ state: 'running' });
    expect((await rival.owner.post(rival.path(`/schedules/${id}/pause`))).json.code).toBe(
      'schedule_not_found',
    );
    expect(await list(rival)).toEqual([]);
  });
});

describe('a schedule of an administrator', () => {
  it('runs a command with its arguments, and is removed', async () => {
    const { status, json } = await add({ timeZone: 'Asia/Kathmandu' });
    expect(status).toBe(201);
    expect(json).toMatchObject({ origin: 'admin', command: 'greet', args: { name: 'Ada' }, missed: 'skip' });
    await makeDue('mine');
    await soon(async () => {
      const jobs = await org.owner.get(org.path(`/jobs?schedule=${json.id}`));
      return jobs.json.items.map(({ state, result }: Record<string, unknown>) => [state, result]);
    }).toEqual([['succeeded', 'hello Ada']]);
    expect((await add({})).json.code).toBe('schedule_invalid');
    expect((await org.owner.delete(org.path(`/schedules/${json.id}`))).status).toBe(204);
    expect(await named('mine')).toBeUndefined();
  });

  it('that is still at work is skipped, and says so', async () => {
    const { json } = await add({ name: 'slow', command: 'wait', args: {}, cron: `0 0 1 ${FAR_MONTH} *` });
    await makeDue('slow');
    await soon(async () => (await named('slow'))?.['lastNote']).toBe('started');
    await makeDue('slow');
    await soon(async () => (await named('slow'))?.['lastNote']).toBe('overlapped');
    const jobs = await org.owner.get(org.path(`/jobs?schedule=${json.id}`));
    expect(jobs.json.items).toHaveLength(1);
    await org.owner.post(org.path(`/jobs/${jobs.json.items[0].id}/cancel`));
    await org.owner.delete(org.path(`/schedules/${json.id}`));
  });

  it.each([
    [{ cron: '0 0 30 2 *' }, 'schedule_invalid'],
    [{ cron: '* * * * * *' }, 'schedule_invalid'],
    [{ timeZone: 'Mars/Olympus' }, 'schedule_invalid'],
    [{ command: 'nothing' }, 'handler_unknown'],
    [{ args: { name: 1 } }, 'job_arguments_invalid'],
    [{ plugin: 'house/none' }, 'plugin_not_installed'],
    [{ missed: 'always' }, 'request_invalid'],
    [{ name: 'a\tb' }, 'request_invalid'],
  ])('is refused: %o', async (body, code) => {
    expect((await add({ name: 'other', ...body })).json.code).toBe(code);
  });
});

it('follows the version that is installed', async () => {
  const upgraded = await org.owner.post(org.path('/plugins/house/clock/upgrade'), { range: '2.0.0' });
  expect(upgraded.status, upgraded.text).toBeLessThan(300);
  await soon(async () => (await list()).map(({ name, cron }) => [name, cron])).toEqual([
    ['sync', `0 4 1 ${FAR_MONTH} *`],
  ]);
  await org.step('house/clock', 'deactivate');
  await makeDue('sync');
  await soon(async () => (await named('sync'))?.['lastNote']).toBe('notActive');
});
