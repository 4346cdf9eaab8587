/**
 * Kills the runners of a server under load, again and again: each call is answered rightly or ends as `runnerDied`, as
 * many of them as were in flight on what was killed, and whatever kv took is there afterwards.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { PluginId } from '../spec/plugin-id.ts';
import type { Answer } from './support/http-client.ts';
import { discardSouk, startSouk, type SoukProcess } from './support/souk-process.ts';
import type { TestOrg } from './support/test-org.ts';
import { soukOn, testDatabase } from './support/test-souk.ts';

const KILLS = 200;
const BETWEEN_KILLS_MS = 80;
const CLIENTS_EACH = 3;
/** Fewer than a run may have host calls open. */
const READ_AT_ONCE = 10;
/** Of the trusted tier, whose runner both organizations share, and of the reviewed one, where each has its own. */
const PLUGINS: readonly PluginId[] = ['house/echo', 'guild/echo'];

const ECHO = `export default { async fetch(request, host) {
  const { id, written } = await request.json();
  if (written) return Response.json(await Promise.all(written.map((each) => host.kv.get(each))));
  await host.kv.set(id, { id });
  return Response.json([id, await host.kv.get(id), host.org.slug]);
} }`;

type Client = { readonly org: TestOrg; readonly plugin: PluginId; readonly name: string };
/** What one client was told: ids that were answered, how many calls died, and answers that must not be. */
type Told = { readonly written: string[]; died: number; readonly wrong: string[] };

const database = await testDatabase();
let souk: SoukProcess;
let server: ReturnType<typeof soukOn>;
let clients: readonly Client[];

beforeAll(async () => {
  souk = await startSouk({
    environment: {
      DATABASE_URL: database.url,
      SOUK_TRUSTED_PUBLISHERS: 'house',
      SOUK_READS_PER_MINUTE: '0',
      SOUK_WRITES_PER_MINUTE: '0',
    },
  });
  server = soukOn(souk);
  const orgs = [await server.org('kampung'), await server.org('desa')];
  for (const id of PLUGINS) {
    const publisher = await server.publisher(id.split('/')[0] as string, orgs[0] as TestOrg);
    await publisher.ship({ id, permissions: [{ name: 'kv', reason: 'Keeps what it is sent.' }], code: ECHO });
    for (const org of orgs) await org.install(id);
  }
  const numbers = Array.from({ length: CLIENTS_EACH }, (_, number) => number);
  clients = orgs.flatMap((org) =>
    PLUGINS.flatMap((plugin) => numbers.map((number): Client => ({ org, plugin, name: `c${number}` }))),
  );
});
afterAll(() => discardSouk(souk));

test(`${KILLS} kills under load`, async () => {
  const over = new AbortController();
  const calling = clients.map((client) => callUntil(over.signal, client));
  const killed = await killRunners();
  over.abort();
  const told = await Promise.all(calling);
  await expect
    .poll(() =>
      endedRunners()
        .map(({ pid }) => pid)
        .sort(),
    )
    .toEqual([...killed].sort());
  expect(told.flatMap(({ wrong }) => wrong)).toEqual([]);
  const died = told.reduce((sum, each) => sum + each.died, 0);
  expect(died).toBeGreaterThan(0);
  expect(endedRunners().reduce((sum, { runs }) => sum + runs, 0)).toBe(died);
  for (const [index, client] of clients.entries()) await expectThere(client, told[index] as Told);
});

async function callUntil(over: AbortSignal, { org, plugin, name }: Client): Promise<Told> {
  const told: Told = { written: [], died: 0, wrong: [] };
  for (let call = 0; !over.aborted; call += 1) {
    const id = `${name}-${call}`;
    const answer = await post({ org, plugin, name }, { id });
    if (answer.status === 200 && isEcho(answer, id, org)) told.written.push(id);
    else if (answer.status === 502 && answer.json?.outcome === 'runnerDied') told.died += 1;
    else told.wrong.push(`${id} in ${org.slug}: ${answer.status} ${answer.text}`);
  }
  return told;
}

function post({ org, plugin }: Client, body: object): Promise<Answer> {
  const headers = { 'content-type': 'application/json' };
  return org.call(plugin, '/', { method: 'POST', headers, body: JSON.stringify(body) });
}

function isEcho({ json }: Answer, id: string, { slug }: TestOrg): boolean {
  return JSON.stringify(json) === JSON.stringify([id, { id }, slug]);
}

/** @returns the process ids of those that were killed */
async function killRunners(): Promise<ReadonlySet<number>> {
  const killed = new Set<number>();
  for (let kill = 0; killed.size < KILLS; kill += 1) {
    await sleep(BETWEEN_KILLS_MS);
    const { json } = await server.admin.get('/readyz');
    const busy = json.sandbox.runners.filter(
      ({ runs, pid }: { runs: number; pid: number }) => runs > 0 && !killed.has(pid),
    );
    const victim = busy[kill % Math.max(1, busy.length)];
    if (!victim) continue;
    killed.add(victim.pid);
    process.kill(-victim.pid, 'SIGKILL');
  }
  return killed;
}

function endedRunners(): readonly { pid: number; runs: number }[] {
  return souk.log
    .filter(({ msg }) => msg === 'runner ended')
    .map(({ pid, runs }) => ({ pid: Number(pid), runs: Number(runs) }));
}

async function expectThere(client: Client, { written }: Told): Promise<void> {
  for (let at = 0; at < written.length; at += READ_AT_ONCE) {
    const asked = written.slice(at, at + READ_AT_ONCE);
    const answer = await post(client, { written: asked });
    expect(answer.json, answer.text).toEqual(asked.map((id) => ({ id })));
  }
}
