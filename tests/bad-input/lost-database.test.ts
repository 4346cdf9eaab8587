/** A database that goes away and comes back. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { openDatabaseProxy } from '../support/database-proxy.ts';
import { HELD_PERMISSIONS, HOLD } from '../support/held-run.ts';
import type { Answer } from '../support/http-client.ts';
import { startSoukOn, testDatabase } from '../support/test-souk.ts';
import type { PackageDraft } from '../support/test-package.ts';

const COUNTER: PackageDraft = {
  id: 'kelompok/counter',
  permissions: [{ name: 'kv', reason: 'Counts.' }],
  code: `export default { async fetch(request, host) {
    const count = ((await host.kv.get('count')) ?? 0) + 1;
    await host.kv.set('count', count);
    return Response.json(count);
  } }`,
};
/** Fails with its first look after the database has gone. */
const HOLDER: PackageDraft = {
  id: 'kelompok/holder',
  permissions: HELD_PERMISSIONS,
  contributes: { commands: [{ name: 'hold', run: 'job', access: 'admin' }] },
  code: `export default { commands: { async hold(_args, host) { ${HOLD} } } }`,
};
const UNAVAILABLE = [503, 'database_unavailable', '2'];
const codeOf = ({ status, json, headers }: Answer): unknown => [
  status,
  json?.code,
  headers.get('retry-after'),
];

describe('a database whose connections break and that takes no new ones', async () => {
  const database = await testDatabase();
  const wire = await openDatabaseProxy(database);
  const souk = await startSoukOn(wire.url);
  const acme = await souk.org('acme');
  const kelompok = await souk.publisher('kelompok', acme);
  await kelompok.ship(COUNTER);
  await acme.install('kelompok/counter');
  const { json: doomed } = await acme.owner.post('/api/v1/tokens', { name: 'doomed', scopes: ['orgs:read'] });
  const doomedHeader = { authorization: `Bearer ${doomed.secret}` };

  it('is answered with database_unavailable everywhere, and guessed at nowhere', async () => {
    expect((await acme.call('kelompok/counter', '/')).json).toBe(1);
    expect((await souk.anyone.get('/api/v1/me', doomedHeader)).status).toBe(200);
    await wire.cut();
    expect(codeOf(await souk.anyone.get('/readyz'))).toEqual(UNAVAILABLE);
    expect((await souk.anyone.get('/livez')).status).toBe(200);
    expect(codeOf(await acme.owner.get('/api/v1/me'))).toEqual(UNAVAILABLE);
    expect(codeOf(await souk.anyone.get('/api/v1/packages'))).toEqual(UNAVAILABLE);
    expect(codeOf(await acme.plan({ kind: 'upgradeAll' }))).toEqual(UNAVAILABLE);
    expect(codeOf((await kelompok.publish({ id: 'kelompok/late' })).answer)).toEqual(UNAVAILABLE);
    expect(codeOf(await acme.call('kelompok/counter', '/'))).toEqual(UNAVAILABLE);
    // Those of the API and the call, each with what the operator needs to know.
    const told = () => souk.process.log.filter(({ msg }) => msg === 'request failed');
    await expect.poll(() => told().length).toBeGreaterThanOrEqual(6);
    for (const { level, err } of told())
      expect([level, (err as Error).message]).toEqual([
        'warn',
        expect.stringMatching(/ECONNREFUSED|terminated/u),
      ]);
  });

  it('serves as before when it is back, and knows what happened meanwhile', async () => {
    await database.superuser.query(`update token set revoked_at = now() where id = $1`, [doomed.token.id]);
    await wire.mend();
    await vi.waitFor(async () => expect((await souk.anyone.get('/readyz')).status).toBe(200), 30_000);
    expect((await acme.call('kelompok/counter', '/')).json).toBe(2);
    expect(codeOf(await souk.anyone.get('/api/v1/me', doomedHeader))).toEqual([401, 'token_revoked', null]);
    expect((await souk.anyone.get('/api/v1/packages/kelompok/late')).status).toBe(404);
    expect((await kelompok.publish({ id: 'kelompok/late' })).answer.status).toBe(201);
  });

  it('is waited for by a job that has ended meanwhile, which says so once', async () => {
    await kelompok.ship(HOLDER);
    await acme.install('kelompok/holder');
    const job = await acme.owner.post(acme.path('/plugins/kelompok/holder/commands/hold'), {});
    const path = acme.path(`/jobs/${job.json.id}`);
    const stateOf = async (): Promise<string> => (await acme.owner.get(path)).json.state;
    await vi.waitFor(async () => expect(await stateOf()).toBe('running'), 30_000);
    const from = souk.process.log.length;
    const told = (message: string): number =>
      souk.process.log.slice(from).filter(({ msg }) => msg === message).length;
    await wire.cut();
    await vi.waitFor(() => expect(told('the end of a job could not be recorded yet')).toBe(1), 30_000);
    // Each second one of these: the job has asked several times by then.
    const looks = told('schedules are looked at later') + 3;
    await vi.waitFor(
      () => expect(told('schedules are looked at later')).toBeGreaterThanOrEqual(looks),
      30_000,
    );
    expect(told('the end of a job could not be recorded yet')).toBe(1);
    await wire.mend();
    await vi.waitFor(async () => expect(await stateOf()).toBe('failed'), 30_000);
  });

  it('is not waited for without end where it says nothing, and serves on when it does', async () => {
    wire.stall();
    const asked = [
      ...Array.from({ length: 20 }, () => souk.anyone.get('/api/v1/packages')),
      souk.anyone.get('/readyz'),
    ];
    expect((await souk.anyone.get('/livez')).status).toBe(200);
    // Also those that had a connection already and had asked.
    for (const answer of await Promise.all(asked)) expect(codeOf(answer)).toEqual(UNAVAILABLE);
    wire.flow();
    await vi.waitFor(async () => expect((await souk.anyone.get('/readyz')).status).toBe(200), 30_000);
    const answers = await Promise.all(Array.from({ length: 40 }, () => souk.anyone.get('/api/v1/packages')));
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
  });

  it('loses no connection of the pool for good', async () => {
    for (let round = 0; round < 12; round += 1) {
      await wire.cut();
      await Promise.all([1, 2, 3].map(() => souk.anyone.get('/api/v1/packages')));
      await wire.mend();
    }
    await vi.waitFor(async () => expect((await souk.anyone.get('/readyz')).status).toBe(200), 30_000);
    const answers = await Promise.all(Array.from({ length: 40 }, () => souk.anyone.get('/api/v1/packages')));
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
  });
});

describe('the built-in database, killed', async () => {
  const souk = await startSoukOn(null);
  const acme = await souk.org('acme');
  const kelompok = await souk.publisher('kelompok', acme);
  await kelompok.ship(COUNTER);
  await acme.install('kelompok/counter');

  async function postgresPid(): Promise<number> {
    const file = join(souk.process.dataDir, 'embedded', 'cluster', 'postmaster.pid');
    return Number.parseInt(await readFile(file, 'utf8'), 10);
  }

  it('is started again by the server, with everything that was acknowledged', async () => {
    expect((await acme.call('kelompok/counter', '/')).json).toBe(1);
    const killed = await postgresPid();
    process.kill(killed, 'SIGKILL');
    // Its sessions answer for a moment longer; only a new process is a database that came back.
    const answers: Answer[] = [];
    await vi.waitFor(async () => {
      answers.push(await acme.call('kelompok/counter', '/'));
      expect(await postgresPid()).not.toBe(killed);
      expect((await souk.anyone.get('/readyz')).status).toBe(200);
    }, 30_000);
    await vi.waitFor(async () => expect((await acme.call('kelompok/counter', '/')).status).toBe(200), 30_000);
    const acknowledged = answers.filter(({ status }) => status === 200).length;
    expect((await acme.call('kelompok/counter', '/')).json).toBeGreaterThanOrEqual(acknowledged + 3);
    expect((await souk.anyone.get('/api/v1/packages/kelompok/counter')).status).toBe(200);
    // Until then every call ended in a known way: answered, refused, or failed in the plugin by the host's refusal.
    for (const { json } of answers.filter(({ status }) => status !== 200))
      expect(['database_unavailable', 'plugin_run_failed']).toContain(json.code);
  });
});
