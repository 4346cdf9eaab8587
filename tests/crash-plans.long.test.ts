/**
 * Kills the server in the middle of applying plans of several organizations at once, round after round on the same
 * data. Each organization is afterwards what it was before its plan, or what the plan makes of it, as a whole.
 */
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { PluginId } from '../spec/plugin-id.ts';
import { amid } from './support/amid.ts';
import { HttpClient } from './support/http-client.ts';
import { testRounds } from './support/rounds.ts';
import { discardSouk, startSouk, type SoukProcess } from './support/souk-process.ts';
import { consentTo, TestOrg } from './support/test-org.ts';
import { soukOn } from './support/test-souk.ts';

const ROUNDS = 20;
const ORGS = 6;
const PLUGINS = 12;
const READY_MS_MAX = 180_000;
/** A step whose server is gone is taken up after its deadline. */
const TAKEN_UP_MS_MAX = 5 * 60_000;
const LIVE: PluginId = 'kelompok/live';

type Locked = { plugin: string; version: string; digest: string; range: string | null; pinned: boolean };
type Set = 'left' | 'right';

let souk: SoukProcess;
let slugs: readonly { slug: string; id: string; token: string }[];
const digests = new Map<string, string>();
let unanswered = 0;

const nameOf = (index: number): PluginId => `kelompok/p${index}`;

beforeAll(async () => {
  souk = await startSouk({ environment: { SOUK_WRITES_PER_MINUTE: '0', SOUK_READS_PER_MINUTE: '0' } });
  const made = soukOn(souk);
  const home = await made.org('home');
  const publisher = await made.publisher('kelompok', home);
  for (const version of ['1.0.0', '2.0.0']) {
    for (let index = 0; index < PLUGINS; index += 1) await publisher.ship({ id: nameOf(index), version });
    await publisher.ship({ id: LIVE, version });
  }
  for (const plugin of [LIVE, ...Array.from({ length: PLUGINS }, (_, index) => nameOf(index))]) {
    for (const { version, archiveSha256 } of (await home.owner.get(`/api/v1/packages/${plugin}`)).json
      .versions) {
      digests.set(`${plugin}@${version}`, archiveSha256);
    }
  }
  const orgs = [];
  for (let index = 0; index < ORGS; index += 1) orgs.push(await made.org(`org-${index}`));
  slugs = orgs.map(({ slug, id, owner }) => ({ slug, id, token: owner.token ?? '' }));
  for (const org of orgs) expect(await applyLock(org, 'left')).toBe(201);
});
afterAll(() => discardSouk(souk));

testRounds('round %i: every organization is in the old state or in the new one', ROUNDS, async (round) => {
  const [from, to]: [Set, Set] = round % 2 === 1 ? ['left', 'right'] : ['right', 'left'];
  const [first] = orgsNow();
  const isLive = round % 5 === 0;
  if (isLive) await stepLive(first, 'activate');
  const statuses = await applyUntilKilled(to);
  souk = await startSouk({
    dataDir: souk.dataDir,
    environment: { SOUK_WRITES_PER_MINUTE: '0', SOUK_READS_PER_MINUTE: '0' },
  });
  await expectReady();
  if (isLive) await expectLive(orgsNow()[0]);
  for (const [index, org] of orgsNow().entries()) await expectWhole(org, statuses[index] ?? 0, from, to);
  if (isLive) await stepLive(orgsNow()[0], 'deactivate');
  for (const org of orgsNow()) expect(await applyLock(org, to)).toBe(201);
  for (const org of orgsNow()) await expectAudited(org);
});

test('the rounds did interrupt plans at work', () => {
  expect(unanswered).toBeGreaterThan(ROUNDS / 2);
});

function orgsNow(): TestOrg[] {
  const anyone = new HttpClient(souk.url, null);
  return slugs.map(({ slug, id, token }) => new TestOrg(slug, id, new HttpClient(souk.url, token), anyone));
}

/** Left: two thirds of the plugins at version 1. Right: the last two thirds at version 2. So each plan of the one over
 * the other adds, upgrades or downgrades, and removes. */
function lockOf(set: Set): Locked[] {
  const version = set === 'left' ? '1.0.0' : '2.0.0';
  const third = PLUGINS / 3;
  const indices = Array.from({ length: 2 * third }, (_, index) => (set === 'left' ? index : index + third));
  return [LIVE, ...indices.map(nameOf)].toSorted().map((plugin) => ({
    plugin,
    version,
    digest: digests.get(`${plugin}@${version}`) ?? '',
    range: '*',
    pinned: false,
  }));
}

/** @returns the status of the answer; 0 where the connection broke before it */
async function applyLock(org: TestOrg, set: Set): Promise<number> {
  const plan = await org.plan({ kind: 'import', lock: { lockVersion: 1, plugins: lockOf(set) } });
  expect(plan.status, plan.text).toBe(201);
  return applyPlan(org, plan.json);
}

async function applyPlan(
  org: TestOrg,
  plan: { id: string; permissions: Parameters<typeof consentTo>[0]['permissions'] },
): Promise<number> {
  return org.apply(plan.id, consentTo(plan)).then(
    ({ status }) => status,
    () => 0,
  );
}

/** All plans are made first, so that the kill falls into their application. */
async function applyUntilKilled(set: Set): Promise<number[]> {
  const orgs = orgsNow();
  const plans: Parameters<typeof applyPlan>[1][] = [];
  for (const org of orgs) {
    plans.push((await org.plan({ kind: 'import', lock: { lockVersion: 1, plugins: lockOf(set) } })).json);
  }
  const applying = orgs.map((org, index) => applyPlan(org, plans[index] ?? { id: '', permissions: [] }));
  await amid(applying);
  await souk.stop('SIGKILL');
  const statuses = await Promise.all(applying);
  unanswered += statuses.filter((status) => status === 0).length;
  return statuses;
}

async function expectReady(): Promise<void> {
  const anyone = new HttpClient(souk.url, null);
  const readiness = async (): Promise<number> => (await anyone.get('/readyz')).status;
  await expect.poll(readiness, { timeout: READY_MS_MAX, interval: 50 }).toBe(200);
}

/** Acknowledged: the new set. Otherwise either, as a whole, and every package of it with its receipt. */
async function expectWhole(org: TestOrg, status: number, from: Set, to: Set): Promise<void> {
  const { json: lock } = await org.owner.get(org.path('/lock'));
  const found = JSON.stringify(lock.plugins);
  const sets = new Map<string, Set>([from, to].map((set) => [JSON.stringify(lockOf(set)), set]));
  if (status === 201) expect(lock.plugins).toEqual(lockOf(to));
  else expect([...sets.keys()]).toContain(found);
  for (const { plugin, digest } of lock.plugins as Locked[]) {
    const { json } = await org.owner.get(org.path(`/plugins/${plugin}/receipts`));
    expect(json.items[0]?.digest, `${plugin} of ${org.slug}`).toBe(digest);
  }
}

async function stepLive(org: TestOrg | undefined, step: 'activate' | 'deactivate'): Promise<void> {
  const answer = await org?.step(LIVE, step, {});
  expect(answer?.status, answer?.text).toBe(200);
}

/** Active before, so active after: the version before or the next one, once the step under way has been taken up. */
async function expectLive(org: TestOrg | undefined): Promise<void> {
  const state = async (): Promise<unknown> =>
    (await org?.owner.get(org.path(`/plugins/${LIVE}`)))?.json.state;
  await expect.poll(state, { timeout: TAKEN_UP_MS_MAX, interval: 200 }).toBe('active');
  expect((await org?.call(LIVE, '/'))?.text).toBe('hello');
}

async function expectAudited(org: TestOrg): Promise<void> {
  const verdict = async (): Promise<unknown> => (await org.owner.get(org.path('/audit/verdict'))).json;
  await expect
    .poll(verdict, { timeout: READY_MS_MAX, interval: 100 })
    .toMatchObject({ kind: 'intact', unsealed: 0 });
}
