/**
 * One real server for a test file: a process of its own on a fresh data folder, and a fresh database on the run's own
 * PostgreSQL. A test that is about the database itself starts the built-in one with `startSouk`.
 */
import { afterAll, expect } from 'vitest';
import { startTestDatabase, type TestDatabase } from './database.ts';
import { HttpClient } from './http-client.ts';
import { discardSouk, startSouk, type SoukOptions, type SoukProcess } from './souk-process.ts';
import { TestOrg } from './test-org.ts';
import { TestPublisher } from './test-publisher.ts';
import { TOKEN_SCOPES } from '../../identity/index.ts';

/** All that a token of an ordinary user can have. */
const USER_SCOPES = Object.keys(TOKEN_SCOPES).filter((scope) => scope !== 'instance:admin');

/** A test asks more often than a client may. */
const UNHURRIED = { SOUK_READS_PER_MINUTE: '0', SOUK_WRITES_PER_MINUTE: '0' };

export type TestSouk = ReturnType<typeof soukOn> & {
  /** Looks at the database behind the server's back. */
  readonly superuser: TestDatabase['superuser'];
  /** The address of the database, for another server on it. */
  readonly databaseUrl: string;
};

/** Starts it; it ends with the test file. */
export async function testSouk(options: Pick<SoukOptions, 'wrapper'> = {}): Promise<TestSouk> {
  const database = await testDatabase();
  const souk = await startSoukOn(database.url, options);
  return { ...souk, superuser: database.superuser, databaseUrl: database.url };
}

/**
 * Starts a server on a database that is already there, or on the built-in one of its data folder; it ends with the
 * test file.
 */
export async function startSoukOn(
  databaseUrl: string | null,
  { environment, ...options }: SoukOptions = {},
): Promise<ReturnType<typeof soukOn>> {
  const address = databaseUrl === null ? {} : { DATABASE_URL: databaseUrl };
  const process = await startSouk({ ...options, environment: { ...UNHURRIED, ...address, ...environment } });
  // Who shares the folder of another server leaves it to that one.
  afterAll(() => (options.dataDir === undefined ? discardSouk(process) : process.stop()));
  return soukOn(process);
}

/** A fresh database on the run's own PostgreSQL, with its address as an operator would write it. */
export async function testDatabase(): Promise<TestDatabase & { url: string }> {
  const database = await startTestDatabase([]);
  afterAll(database.drop);
  const { folder, user, database: name } = database.target;
  const where = new URLSearchParams({ host: folder, user });
  return { ...database, url: `postgresql:///${name}?${where}` };
}

/** What tests do with a server that runs. */
export function soukOn(process: SoukProcess) {
  const anyone = new HttpClient(process.url, null);
  const admin = new HttpClient(process.url, process.adminToken);
  return {
    process,
    anyone,
    /** The administrator of the instance. */
    admin,
    /** Somebody of another server of the same database, here. */
    as: ({ token }: HttpClient) => new HttpClient(process.url, token),
    /** Makes a user with a token for everything that its roles allow. */
    user: (name: string) => makeUser(admin, name),
    /** Makes an organization whose owner is a user of its own. */
    org: (slug: string) => makeOrg(admin, anyone, slug),
    /** Makes a publisher of the organization, and registers its key. */
    publisher: (name: string, org: TestOrg) => makePublisher(name, org),
    /** The value of a metric line, 0 where it is not there yet. */
    metric: (line: string) => readMetric(admin, line),
  };
}

async function makeUser(admin: HttpClient, name: string): Promise<{ id: string; client: HttpClient }> {
  const user = await admin.post('/api/v1/users', { name });
  expect(user.status, user.text).toBe(201);
  const issued = await admin.post(`/api/v1/users/${user.json.id}/tokens`, { name, scopes: USER_SCOPES });
  expect(issued.status, issued.text).toBe(201);
  return { id: user.json.id, client: new HttpClient(admin.url, issued.json.secret) };
}

async function makeOrg(admin: HttpClient, anyone: HttpClient, slug: string): Promise<TestOrg> {
  const owner = await makeUser(admin, `Owner of ${slug}`);
  const org = await admin.post('/api/v1/orgs', { slug, name: slug, ownerId: owner.id });
  expect(org.status, org.text).toBe(201);
  return new TestOrg(slug, org.json.id, owner.client, anyone);
}

async function makePublisher(name: string, org: TestOrg): Promise<TestPublisher> {
  const made = await org.owner.post(org.path('/publishers'), { name });
  expect(made.status, made.text).toBe(201);
  const publisher = new TestPublisher(name, org.owner);
  const keys = await publisher.registerKey();
  expect(keys.status, keys.text).toBe(201);
  return publisher;
}

async function readMetric(admin: HttpClient, name: string): Promise<number> {
  const { text } = await admin.get('/metrics');
  const line = text.split('\n').find((each) => each.startsWith(`${name} `));
  return line === undefined ? 0 : Number(line.slice(name.length + 1));
}
