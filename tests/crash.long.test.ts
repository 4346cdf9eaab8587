/**
 * Kills the server, the database or both in the middle of two hundred publications at once, round after round on the
 * same data. What was acknowledged is there whole; nothing is there by halves; what was not can be sent again.
 */
import { readdir, readFile } from 'node:fs/promises';
import { createHash, randomBytes, randomInt } from 'node:crypto';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { PrivateKey } from '../signing/index.ts';
import { HttpClient } from './support/http-client.ts';
import { testRounds } from './support/rounds.ts';
import { discardSouk, startSouk, type SoukProcess } from './support/souk-process.ts';
import { packFiles, signArchive } from './support/test-package.ts';
import { TestPublisher } from './support/test-publisher.ts';
import { soukOn } from './support/test-souk.ts';

const ROUNDS = 20;
const PLUGINS = 40;
const VERSIONS = 5;
const EXTRA_BYTES_MAX = 60_000;
const READY_MS_MAX = 180_000;
const PUBLISHER = 'kelompok';
const TARGETS = ['server', 'database', 'both'] as const;

type Victim = (typeof TARGETS)[number];
type Upload = {
  readonly plugin: string;
  readonly version: string;
  readonly archive: Uint8Array;
  readonly envelope: Uint8Array;
  /** 0 where the connection broke before an answer. */
  status: number;
};

let souk: SoukProcess;
let token: string;
let org: string;
const key = PrivateKey.generate();
/** Digests of the archives that are known to be in the catalogue, over all rounds. */
const stored = new Set<string>();
let interrupted = 0;
/** Process id of the database that was killed last. */
let killed = 0;

beforeAll(async () => {
  souk = await startSouk();
  const made = soukOn(souk);
  const owner = await made.org('acme');
  token = owner.owner.token ?? '';
  org = owner.slug;
  expect((await owner.owner.post(owner.path('/publishers'), { name: PUBLISHER })).status).toBe(201);
  expect((await new TestPublisher(PUBLISHER, owner.owner, key).registerKey()).status).toBe(201);
});
afterAll(() => discardSouk(souk));

testRounds('round %i: what was acknowledged is there, and nothing by halves', ROUNDS, async (round) => {
  const uploads = makeUploads(round);
  const victim = TARGETS[round % TARGETS.length] ?? 'both';
  await publishUntilKilled(uploads, victim);
  await recover(victim);
  interrupted += uploads.filter(({ status }) => status !== 201).length;
  await expectWhole(uploads);
  await publishAgain(uploads);
  await expectNoOrphans();
  await expectAudited(uploads);
});

test('the rounds did interrupt publications at work', () => {
  expect(interrupted).toBeGreaterThan(ROUNDS);
});

function makeUploads(round: number): Upload[] {
  const names = Array.from({ length: PLUGINS }, (_, index) => `${PUBLISHER}/round-${round}-${index}`);
  return names.flatMap((id) =>
    Array.from({ length: VERSIONS }, (_, patch) => makeUpload(id, `1.0.${patch}`)),
  );
}

/** With bytes that do not compress, so that writing takes a while. */
function makeUpload(id: string, version: string): Upload {
  const manifest = {
    manifestVersion: 1,
    id,
    version,
    name: 'Crash test',
    description: 'Made by a test.',
    license: 'MIT',
    main: 'index.js',
    engines: { souk: '^1.0.0' },
    contributes: { endpoints: [{ method: 'GET', path: '/*', access: 'public' }] },
  };
  const archive = packFiles({
    'manifest.json': JSON.stringify(manifest),
    'index.js': `export default { fetch: () => new Response('hello') };\n`,
    'data.txt': randomBytes(randomInt(EXTRA_BYTES_MAX)).toString('base64'),
  });
  return { plugin: id, version, archive, envelope: signArchive(archive, [key]), status: 0 };
}

/** Sends all at once, and kills when a random one of them has been answered and a moment has passed. */
async function publishUntilKilled(uploads: Upload[], victim: Victim): Promise<void> {
  const publisher = new TestPublisher(PUBLISHER, client(), key);
  const killAfter = randomInt(uploads.length);
  const fuse = Promise.withResolvers<void>();
  let answered = 0;
  const send = async (upload: Upload): Promise<void> => {
    upload.status = await publisher.upload(upload.archive, upload.envelope).then(
      ({ status }) => status,
      () => 0,
    );
    answered += 1;
    if (answered > killAfter) fuse.resolve();
  };
  const sending = Promise.all(uploads.map(send));
  await Promise.race([fuse.promise, sending]);
  await sleep(randomInt(20));
  await kill(victim);
  await sending;
}

async function kill(victim: Victim): Promise<void> {
  switch (victim) {
    case 'server':
      return souk.stop('SIGKILL');
    case 'database':
      return killDatabase();
    case 'both':
      await killDatabase();
      return souk.stop('SIGKILL');
  }
}

async function killDatabase(): Promise<void> {
  killed = await databasePid();
  expect(killed).toBeGreaterThan(1);
  process.kill(killed, 'SIGKILL');
}

/** NaN while there is none. */
async function databasePid(): Promise<number> {
  const file = join(souk.dataDir, 'embedded', 'cluster', 'postmaster.pid');
  return Number.parseInt(await readFile(file, 'utf8').catch(() => ''), 10);
}

/** A server that lost its database comes back by itself; one that was killed is started by its operator. */
async function recover(victim: Victim): Promise<void> {
  if (victim !== 'database') souk = await startSouk({ dataDir: souk.dataDir });
  if (victim !== 'server') await expectNewDatabase();
  const readiness = async (): Promise<string> => {
    const { status, text } = await client().get('/readyz');
    return status === 200 ? 'ready' : `${text} after ${JSON.stringify(souk.log.slice(-10))}`;
  };
  await expect.poll(readiness, { timeout: READY_MS_MAX, interval: 50 }).toBe('ready');
}

/** Sessions may outlive their postmaster by a moment, and answer; it has a successor when the last of them is gone. */
async function expectNewDatabase(): Promise<void> {
  const isNew = async (): Promise<boolean> => {
    const pid = await databasePid();
    return pid > 1 && pid !== killed;
  };
  await expect.poll(isNew, { timeout: READY_MS_MAX, interval: 50 }).toBe(true);
}

function client(): HttpClient {
  return new HttpClient(souk.url, token);
}

function versionPath({ plugin, version }: Upload): string {
  return `/api/v1/packages/${plugin}/versions/${version}`;
}

async function expectWhole(uploads: readonly Upload[]): Promise<void> {
  for (const upload of uploads) {
    const there = await readBack(upload);
    if (upload.status === 201) expect(there, `${upload.plugin} ${upload.version}`).toBe('whole');
    // Without an answer both are right, for the answer itself may have been lost; halves are not.
    else expect(['whole', 'absent']).toContain(there);
  }
  await expectListed(uploads);
}

/** @returns `whole`, `absent`, or what was found instead */
async function readBack(upload: Upload): Promise<string> {
  const path = versionPath(upload);
  const answers = await Promise.all(
    ['', '/archive', '/envelope', '/files'].map((part) => client().get(`${path}${part}`)),
  );
  const [, archive, envelope, files] = answers;
  if (answers.every(({ status }) => status === 404)) return 'absent';
  const isWhole =
    answers.every(({ status }) => status === 200) &&
    archive?.bytes.equals(upload.archive) &&
    envelope?.bytes.equals(upload.envelope) &&
    files?.json.items.length === 5;
  return isWhole ? 'whole' : answers.map(({ status, text }) => `${status} ${text.slice(0, 300)}`).join('; ');
}

/** The page of a plugin and the search know the very versions that can be read. */
async function expectListed(uploads: readonly Upload[]): Promise<void> {
  for (const [plugin, group] of Map.groupBy(uploads, (upload) => upload.plugin)) {
    const { status, json } = await client().get(`/api/v1/packages/${plugin}`);
    const listed: string[] = status === 200 ? json.versions.map((each: Upload) => each.version) : [];
    for (const upload of group) {
      const isThere = (await client().get(versionPath(upload))).status === 200;
      expect(listed.includes(upload.version), `${plugin} ${upload.version} is listed`).toBe(isThere);
    }
  }
}

/** The same bytes are welcome again, whether they had arrived or not; afterwards every one is there. */
async function publishAgain(uploads: Upload[]): Promise<void> {
  const publisher = new TestPublisher(PUBLISHER, client(), key);
  for (const upload of uploads.filter(({ status }) => status !== 201)) {
    const { status, text } = await publisher.upload(upload.archive, upload.envelope);
    expect([200, 201], text).toContain(status);
  }
  for (const upload of uploads) {
    expect(await readBack(upload)).toBe('whole');
    stored.add(createHash('sha256').update(upload.archive).digest('hex'));
  }
}

/** After a sweep the store holds the archives of the catalogue, and not one file more. */
async function expectNoOrphans(): Promise<void> {
  const admin = new HttpClient(souk.url, souk.adminToken);
  const swept = await admin.post('/api/v1/sweeps', { graceSeconds: 0 });
  expect(swept.status, swept.text).toBe(200);
  const store = await readdir(join(souk.dataDir, 'packages'), { recursive: true, withFileTypes: true });
  const files = new Set(store.filter((entry) => entry.isFile()).map(({ name }) => name));
  expect([...files.difference(stored)], 'files of no version').toEqual([]);
  expect([...stored.difference(files)], 'versions without their file').toEqual([]);
}

/** One entry for each version, however often it was sent; both chains are whole. */
async function expectAudited(uploads: readonly Upload[]): Promise<void> {
  const subjects = await publishedSubjects(uploads.length);
  const expected = uploads.map(({ plugin, version }) => `plugin:${plugin}@${version}`);
  expect(subjects.slice(0, uploads.length).toSorted()).toEqual(expected.toSorted());
  for (const path of ['/api/v1/audit', `/api/v1/orgs/${org}/audit`]) {
    const verdict = new HttpClient(souk.url, souk.adminToken);
    const answer = async (): Promise<unknown> => (await verdict.get(`${path}/verdict`)).json;
    await expect
      .poll(answer, { timeout: READY_MS_MAX, interval: 100 })
      .toMatchObject({ kind: 'intact', unsealed: 0 });
  }
}

/** The newest subjects of publications, at least `count` of them. */
async function publishedSubjects(count: number): Promise<string[]> {
  const subjects: string[] = [];
  for (let cursor = ''; subjects.length < count;) {
    const query = `action=package.published&limit=200${cursor && `&cursor=${cursor}`}`;
    const { json } = await client().get(`/api/v1/orgs/${org}/audit?${query}`);
    subjects.push(...json.items.map((entry: { subject: string }) => entry.subject));
    cursor = json.nextCursor ?? '';
    if (cursor === '') break;
  }
  return subjects;
}
