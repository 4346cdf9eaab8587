/**
 * Kills the server in the middle of an import, twice in one and once in another that a command began itself. Each goes
 * on when a server is there again, and ends as if nothing had been: every row decided once, every record there once.
 */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { HttpClient } from './support/http-client.ts';
import { discardSouk, startSouk, type SoukProcess } from './support/souk-process.ts';
import { TestOrg } from './support/test-org.ts';
import { soukOn, testDatabase } from './support/test-souk.ts';

const CSV = 'kelompok/csv-import';
const ROWS = 15_000;
/** Rows whose address is none, spread over the file. */
const BAD_EVERY = 100;
const BAD = ROWS / BAD_EVERY;
/** A job whose server is gone is taken up after its heartbeats have been missed. */
const TAKEN_UP_MS_MAX = 5 * 60_000;

let database: Awaited<ReturnType<typeof testDatabase>>;
let souk: SoukProcess;
let made: { slug: string; id: string; token: string };

const environment = () => ({
  DATABASE_URL: database.url,
  SOUK_READS_PER_MINUTE: '0',
  SOUK_WRITES_PER_MINUTE: '0',
});

beforeAll(async () => {
  database = await testDatabase();
  await holdAt(1);
  await database.superuser.query(
    `create trigger hold_import before update on record_import for each row execute function hold_import()`,
  );
  souk = await startSouk({ environment: environment() });
  const org = await soukOn(souk).org('crm');
  await (await soukOn(souk).publisher('kelompok', org)).shipExamples(CSV);
  await org.install(CSV);
  made = { slug: org.slug, id: org.id, token: org.owner.token ?? '' };
});
afterAll(() => discardSouk(souk));

test('an import that is killed twice ends as if it had not been', async () => {
  await holdAt(0.2);
  const begun = await send('/imports/members', fileOf('first'), { plugin: CSV });
  await killAmid(begun.json.id, 0.2, 0.6);
  await killAmid(begun.json.id, 0.6, 1);
  const ended = await untilEnded(begun.json.id);
  expect(ended).toMatchObject({
    state: 'completed',
    counts: { accepted: ROWS - BAD, rejected: BAD, held: 0 },
  });
  await expectOnce(begun.json.id, 'first');
  const again = await send('/imports/members', fileOf('first'), { plugin: CSV });
  expect(await untilEnded(again.json.id)).toMatchObject({
    state: 'completed',
    counts: { accepted: 0, merged: 0, unchanged: ROWS - BAD, rejected: BAD, held: 0 },
  });
});

test('so does a command that is killed, with one import', async () => {
  await holdAt(0.3);
  await send(`/plugins/${CSV}/commands/import-members`, fileOf('second'), { args: '{}' });
  const running = async () => (await imports()).find(({ state }) => state === 'running');
  await expect.poll(running, { timeout: TAKEN_UP_MS_MAX, interval: 20 }).toBeDefined();
  const id = (await running())?.id ?? '';
  await killAmid(id, 0.3, 1);
  expect(await untilEnded(id)).toMatchObject({ counts: { accepted: ROWS - BAD, rejected: BAD } });
  await expectOnce(id, 'second');
  expect(await imports()).toHaveLength(3);
});

function orgNow(): TestOrg {
  const anyone = new HttpClient(souk.url, null);
  return new TestOrg(made.slug, made.id, new HttpClient(souk.url, made.token), anyone);
}

function fileOf(name: string): Blob {
  const rows = Array.from({ length: ROWS }, (_, n) =>
    n % BAD_EVERY === 0 ? `${n},Bad ${n},none` : `${name}-${n},Member ${n},${name}-${n}@club.example`,
  );
  return new Blob([['externalId,name,email', ...rows].join('\n')]);
}

async function send(path: string, file: Blob, fields: Record<string, string>) {
  const form = new FormData();
  for (const [name, value] of Object.entries(fields)) form.set(name, value);
  form.set('file', file, 'members.csv');
  const answer = await orgNow().owner.send('POST', orgNow().path(path), { body: form });
  expect(answer.status, answer.text).toBe(202);
  return answer;
}

type Import = { id: string; state: string; counts: Record<string, number> };

async function imports(): Promise<Import[]> {
  return (await orgNow().owner.get(orgNow().path('/imports'))).json.items;
}

async function importOf(id: string): Promise<Import> {
  return (await orgNow().owner.get(orgNow().path(`/imports/${id}`))).json;
}

function decided({ counts }: Import): number {
  return Object.values(counts).reduce((sum, count) => sum + count, 0);
}

/** An import stands still once that share of its rows is decided, however late the test looks. */
async function holdAt(share: number): Promise<void> {
  const { superuser } = database;
  await superuser.query(
    `create or replace function hold_import() returns trigger language plpgsql as $$ begin
      if old.accepted + old.merged + old.unchanged + old.rejected + old.held > ${ROWS * share} then
        perform pg_advisory_xact_lock(1);
      end if;
      return new;
    end $$`,
  );
  // What a server that is gone was held in is over once the lock is here again.
  await superuser.query('select pg_advisory_unlock_all()');
  await superuser.query('select pg_advisory_lock(1)');
}

/** Once that share of the rows is decided, and before all are. */
async function killAmid(id: string, share: number, nextShare: number): Promise<void> {
  await expect
    .poll(async () => decided(await importOf(id)), { timeout: TAKEN_UP_MS_MAX, interval: 20 })
    .toBeGreaterThan(ROWS * share);
  await souk.stop('SIGKILL');
  await holdAt(nextShare);
  souk = await startSouk({ dataDir: souk.dataDir, environment: environment() });
  const { state, ...rest } = await importOf(id);
  expect(state).toBe('running');
  expect(decided({ state, ...rest })).toBeLessThan(ROWS);
}

async function untilEnded(id: string): Promise<Import> {
  await expect
    .poll(async () => (await importOf(id)).state, { timeout: TAKEN_UP_MS_MAX, interval: 100 })
    .toMatch(/completed|failed/u);
  return importOf(id);
}

/** Looks behind the server: rows of evidence, records and their keys, each there once. */
async function expectOnce(id: string, name: string): Promise<void> {
  const { rows } = await database.superuser.query(
    `select (select count(*) from record_evidence where import_id = $1)::int as evidence,
      (select count(distinct row) from record_evidence where import_id = $1)::int as decided,
      (select count(*) from org_record where data ->> 'externalId' like $2)::int as records,
      (select count(distinct data ->> 'externalId') from org_record where data ->> 'externalId' like $2)::int as members`,
    [id, `${name}-%`],
  );
  const whole = ROWS - BAD;
  expect(rows).toEqual([{ evidence: ROWS, decided: ROWS, records: whole, members: whole }]);
  const { json } = await orgNow().owner.get(orgNow().path('/audit?limit=200'));
  const own = json.items.filter(({ subject }: { subject: string }) => subject === `import:${id}`);
  expect(own).toHaveLength(2);
}
