/** Jobs through a real server: begun by plugins, watched, canceled, and seen by nobody else. */
import { beforeAll, describe, expect, it } from 'vitest';
import type { Contributions } from '../../spec/manifest.ts';
import type { HttpClient } from '../../tests/support/http-client.ts';
import type { TestOrg } from '../../tests/support/test-org.ts';
import { testSouk, type TestSouk } from '../../tests/support/test-souk.ts';

const CODE = `
const answer = async (work) => {
  try { return Response.json(await work()); } catch (error) { return Response.json({ code: error.code, message: error.message }); }
};
export default {
  async fetch(request, host) {
    const { command, args, options, id, progress } = await request.json();
    if (id) return answer(() => host.jobs.get(id));
    if (progress) return answer(() => host.jobs.progress(progress));
    return answer(() => host.jobs.enqueue(command, args, options));
  },
  commands: {
    async count({ to, spin }, host) {
      for (let done = 1; done <= to; done++) {
        host.log.info('counted ' + done);
        await host.jobs.progress({ done, total: to, message: 'so far' });
      }
      return { counted: to, nul: '\\u0000', caller: host.caller.kind };
    },
    async again() { return 'again'; },
    async fail() { throw Object.assign(new Error('no such luck'), { code: 'out_of_luck' }); },
    async wait(_args, host) {
      host.log.info('waiting');
      await new Promise((resolve) => setTimeout(resolve, 300_000));
    },
  },
};
`;

const COMMANDS: NonNullable<Contributions['commands']> = [
  {
    name: 'count',
    arguments: { type: 'object', properties: { to: { type: 'integer', minimum: 0 } }, required: ['to'] },
  },
  { name: 'fail' },
  { name: 'again', retry: 'interrupted' },
  { name: 'wait' },
];

let souk: TestSouk;
let org: TestOrg;
let rival: TestOrg;
let member: { id: string; client: HttpClient };

beforeAll(async () => {
  souk = await testSouk();
  org = await souk.org('acme');
  rival = await souk.org('rival');
  member = await souk.user('Ada');
  await org.owner.put(org.path(`/members/${member.id}`), { role: 'member' });
  const publisher = await souk.publisher('works', org);
  const contributes = { commands: COMMANDS };
  await publisher.ship(
    { id: 'works/jobs', code: CODE, contributes, permissions: [{ name: 'jobs', reason: 'Counts.' }] },
    { id: 'works/other', code: CODE, contributes, permissions: [{ name: 'jobs', reason: 'Counts.' }] },
  );
  await org.install('works/jobs');
  await org.install('works/other');
  await rival.install('works/jobs');
});

type Sent = Record<string, unknown>;

async function ask(
  from: TestOrg,
  body: Sent,
  plugin = 'works/jobs' as const,
  client = from.anyone,
): Promise<Sent> {
  const { json } = await client.post(from.endpoint(plugin, '/'), body);
  return json;
}

async function settled(
  from: TestOrg,
  id: unknown,
  states = ['succeeded', 'failed', 'canceled'],
): Promise<Sent> {
  return expect
    .poll(() => job(from, id), { timeout: 30_000, interval: 50 })
    .toSatisfy(({ state }) => states.includes(String(state)))
    .then(() => job(from, id));
}

async function job(from: TestOrg, id: unknown, client = from.owner): Promise<Sent> {
  return (await client.get(from.path(`/jobs/${String(id)}`))).json;
}

describe('a job', () => {
  it('runs, tells its progress and log, and keeps its result', async () => {
    const { id } = await ask(org, { command: 'count', args: { to: 3 } });
    const done = await settled(org, id);
    expect(done).toMatchObject({
      kind: 'command',
      plugin: 'works/jobs',
      name: 'count',
      state: 'succeeded',
      attempt: 1,
      progress: { done: 3, total: 3, message: 'so far' },
      result: { counted: 3, nul: '\0', caller: 'anonymous' },
      failure: null,
    });
    const log = await org.owner.get(org.path(`/jobs/${String(id)}/log?after=1`));
    expect(log.json.items.map(({ line, text }: Sent) => [line, text])).toEqual([
      [2, 'counted 2'],
      [3, 'counted 3'],
    ]);
    expect(await ask(org, { id })).toMatchObject({ state: 'succeeded', result: { counted: 3 } });
  });

  it('fails with the code and message of the plugin', async () => {
    const { id } = await ask(org, { command: 'fail' });
    expect(await settled(org, id)).toMatchObject({
      state: 'failed',
      failure: { code: 'out_of_luck', message: 'Error: no such luck', outcome: 'exception' },
    });
  });

  it('is canceled while it waits, and while it is at work', async () => {
    const waiting = await ask(org, { command: 'count', args: { to: 1 }, options: { delayMs: 3_600_000 } });
    const path = org.path(`/jobs/${String(waiting['id'])}/cancel`);
    expect((await org.owner.post(path)).json).toMatchObject({ state: 'canceled' });
    expect((await org.owner.post(path)).json.code).toBe('job_ended');
    const { id } = await ask(org, { command: 'wait' });
    await settled(org, id, ['running']);
    expect((await org.owner.post(org.path(`/jobs/${String(id)}/cancel`))).status).toBe(200);
    expect(await settled(org, id)).toMatchObject({ state: 'canceled', result: null });
    const { json } = await org.owner.get(org.path('/audit?limit=50'));
    const subjects = json.items.filter(({ action }: Sent) => action === 'job.canceled');
    expect(subjects).toHaveLength(2);
  });

  it('is canceled though no notification of it arrives', async () => {
    const { id } = await ask(org, { command: 'wait' });
    await settled(org, id, ['running']);
    // What another server does while this one does not hear: the mark alone, and then the line is cut and comes back.
    await souk.superuser.query('update job set cancel_requested_at = now() where id = $1', [id]);
    // The line has listened last, or asked for a sign of life since.
    const cut = await souk.superuser.query(
      `select pg_terminate_backend(pid) from pg_stat_activity
        where datname = current_database() and (query ilike 'listen%' or query = 'select')`,
    );
    expect(cut.rowCount).toBeGreaterThan(0);
    expect(await settled(org, id)).toMatchObject({ state: 'canceled' });
  });

  it.each([
    ['count', { state: 'failed', attempt: 1, failure: { code: 'job_interrupted', outcome: 'runnerDied' } }],
    ['again', { state: 'succeeded', attempt: 2, result: 'again', failure: null }],
  ] as const)('that its server left at work: %s', async (command, end) => {
    const args = { to: 1 };
    const { id } = await ask(org, { command, args, options: { delayMs: 3_600_000 } });
    // What a server that died leaves behind: the row says that it is at work, and its task comes back.
    await souk.superuser.query(`update job set state = 'running', attempt = 1 where id = $1`, [id]);
    const give = `update souk_queue.job set start_after = now() where data->>'job' = $1`;
    await souk.superuser.query(give, [id]);
    expect(await settled(org, id)).toMatchObject(end);
    const left = await souk.superuser.query(`select from souk_queue.job where data->>'job' = $1`, [id]);
    expect(left.rowCount).toBe(0);
  });
});

describe('what cannot be', () => {
  it.each([
    [{ command: 'nothing' }, 'handler_unknown'],
    [{ command: '__proto__' }, 'handler_unknown'],
    [{ command: 'count', args: { to: -1 } }, 'job_arguments_invalid'],
    [{ command: 'count', args: {} }, 'job_arguments_invalid'],
    [{ progress: { done: 1 } }, 'job_not_running'],
    [{ id: 'not-a-job' }, 'job_not_found'],
  ])('%j is refused: %s', async (body, code) => {
    expect(await ask(org, body)).toMatchObject({ code });
  });

  it('fills no more than its share of the queue', async () => {
    await souk.superuser.query(
      `insert into job (id, org_id, kind, args, files, caller, retry, depth, state, attempt, run_at, created_at)
         select gen_random_uuid(), $1, 'nothing', '{}', '[]', '{}', 'never', 0, 'queued', 0, now(), now()
           from generate_series(1, 1000)`,
      [rival.id],
    );
    expect(await ask(rival, { command: 'fail' })).toMatchObject({ code: 'jobs_too_many' });
    await souk.superuser.query(`delete from job where org_id = $1`, [rival.id]);
  });
});

describe('who sees a job', () => {
  it('is the organization alone, and of its members who stands behind it', async () => {
    const mine = await ask(org, { command: 'count', args: { to: 0 } }, 'works/jobs', member.client);
    const others = await ask(org, { command: 'count', args: { to: 0 } });
    await settled(org, mine['id']);
    await settled(org, others['id']);
    expect(await job(org, mine['id'], member.client)).toMatchObject({ state: 'succeeded' });
    expect(await job(org, others['id'], member.client)).toMatchObject({ code: 'job_not_found' });
    const listed = await member.client.get(org.path('/jobs'));
    expect(listed.json.items.map(({ id }: Sent) => id)).toEqual([mine['id']]);
    expect((await rival.owner.get(rival.path('/jobs'))).json.items).toEqual([]);
    expect(await job(rival, mine['id'])).toMatchObject({ code: 'job_not_found' });
    expect((await rival.owner.get(org.path('/jobs'))).json.code).toBe('not_found');
    expect(await ask(org, { id: mine['id'] }, 'works/other' as never)).toMatchObject({
      code: 'job_not_found',
    });
  });

  it.each(['cursor', 'schedule'])('is not asked with an id as a URN: %s', async (name) => {
    const answer = await org.owner.get(
      org.path(`/jobs?${name}=urn:uuid:00000000-0000-0000-0000-000000000000`),
    );
    expect([answer.status, answer.json.code]).toEqual([400, 'request_invalid']);
  });

  it('gets them in pages', async () => {
    const whole = (await org.owner.get(org.path('/jobs?limit=200'))).json.items.map(({ id }: Sent) => id);
    const ids: unknown[] = [];
    for (let cursor: string | null = ''; cursor !== null;) {
      const page = await org.owner.get(org.path(`/jobs?limit=2${cursor && `&cursor=${cursor}`}`));
      ids.push(...page.json.items.map(({ id }: Sent) => id));
      cursor = page.json.nextCursor;
    }
    expect(ids).toEqual(whole);
    const failed = await org.owner.get(org.path('/jobs?state=failed&plugin=works/jobs'));
    expect(failed.json.items.map(({ name }: Sent) => name)).toEqual(['count', 'fail']);
  });
});

describe('a job that waited', () => {
  it('is not done for somebody who has left meanwhile, and is for somebody who stays', async () => {
    const [leaver, stayer] = [await souk.user('Eve'), await souk.user('Grace')];
    for (const { id } of [leaver, stayer])
      await org.owner.put(org.path(`/members/${id}`), { role: 'member' });
    const wish = { command: 'count', args: { to: 1 }, options: { delayMs: 3_600_000 } };
    const left = await ask(org, wish, 'works/jobs', leaver.client);
    const stayed = await ask(org, wish, 'works/jobs', stayer.client);
    expect((await org.owner.delete(org.path(`/members/${leaver.id}`))).status).toBe(204);
    const give = `update souk_queue.job set start_after = now() where data->>'job' = any($1)`;
    await souk.superuser.query(give, [[left['id'], stayed['id']]]);
    expect(await settled(org, stayed['id'])).toMatchObject({ state: 'succeeded' });
    expect(await settled(org, left['id'])).toMatchObject({
      state: 'failed',
      failure: { code: 'job_caller_lost_role', outcome: 'denied' },
    });
  });
});
