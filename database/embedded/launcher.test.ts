import { spawnSync } from 'node:child_process';
import { chmod, cp, mkdir, mkdtemp, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { codeOf } from '../../tests/support/refusals.ts';
import { openDatabase, type Database } from '../database.ts';
import { startEmbeddedPostgres, type EmbeddedOptions, type EmbeddedPostgres } from './launcher.ts';

let folder: string;
let started: { stop(): Promise<unknown> }[];

/** A data folder that was used and stopped: making one takes most of the time of a start. */
let usedData: string;

beforeAll(async () => {
  usedData = await mkdtemp(join(tmpdir(), 'souk-launcher-'));
  const server = await startEmbeddedPostgres({ dataFolder: usedData, durability: 'none' });
  await server.stop();
});

afterAll(() => rm(usedData, { recursive: true }));

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'souk-launcher-'));
  started = [];
});

afterEach(async () => {
  for (const each of started.reverse()) await each.stop();
  await rm(folder, { recursive: true, force: true });
});

async function start(options: Partial<EmbeddedOptions> = {}): Promise<EmbeddedPostgres> {
  const server = await startEmbeddedPostgres({
    dataFolder: join(folder, 'data'),
    durability: 'none',
    ...options,
  });
  started.push(server);
  return server;
}

/** As `start`, on a copy of the used data folder. */
async function startUsed(dataFolder: string = join(folder, 'data')): Promise<EmbeddedPostgres> {
  await cp(usedData, dataFolder, { recursive: true });
  return start({ dataFolder });
}

async function open(server: EmbeddedPostgres): Promise<Database> {
  const database = await openDatabase({ target: server.target, entities: [], poolMax: 2 });
  started.push({ stop: () => database.close() });
  return database;
}

/** How many servers PostgreSQL counts as its users: the session of each holds a shared lock. */
async function usersOf({ superuserTarget: { folder: host, user } }: EmbeddedPostgres): Promise<number> {
  const client = new Client({ host, user, database: 'postgres' });
  await client.connect();
  const { rows } = await client.query<{ users: number }>(
    `select count(*)::int as users from pg_locks where locktype = 'advisory' and mode = 'ShareLock'`,
  );
  await client.end();
  return rows[0]?.users ?? 0;
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

test('creates, is used by an ordinary role without TCP, stops, and starts again with its data', async () => {
  const first = await start();
  expect(first.origin).toBe('created');
  const database = await open(first);
  await database.transaction({ kind: 'instance' }, async ({ em }) => {
    await em.execute('create table kept (id int)');
    const [facts] = await em.execute(
      `select rolsuper, current_setting('listen_addresses') as addresses from pg_roles where rolname = current_user`,
    );
    expect(facts).toEqual({ rolsuper: false, addresses: '' });
  });
  await database.close();
  const pid = first.pid();
  expect(await first.stop()).toBe('stopped');
  await expect.poll(() => isAlive(pid)).toBe(false);
  const again = await start();
  expect(again.origin).toBe('started');
  await (await open(again)).transaction({ kind: 'instance' }, ({ em }) => em.execute('select * from kept'));
});

test('nobody else may enter the folder of the socket or the data', async () => {
  const server = await startUsed();
  for (const each of [server.target.folder, join(folder, 'data', 'embedded', 'cluster')]) {
    expect((await stat(each)).mode & 0o777).toBe(0o700);
  }
});

test('two servers that start at once on a new folder share it; the last one stops it', async () => {
  const [first, second] = await Promise.all([start(), start()]);
  expect(first.pid()).toBe(second.pid());
  expect([first.origin, second.origin].filter((origin) => origin === 'created')).toHaveLength(1);
  expect(await first.stop()).toBe('left');
  await (await open(second)).ping();
  await started.pop()?.stop();
  expect(await second.stop()).toBe('stopped');
});

test('a server that was killed leaves the database running, and the next adopts it', async () => {
  await cp(usedData, join(folder, 'data'), { recursive: true });
  const script = join(folder, 'server.ts');
  const launcher = new URL('launcher.ts', import.meta.url).href;
  await writeFile(
    script,
    `import { startEmbeddedPostgres } from ${JSON.stringify(launcher)};
     const server = await startEmbeddedPostgres({ dataFolder: ${JSON.stringify(join(folder, 'data'))}, durability: 'none' });
     console.log(server.pid());
     process.kill(process.pid, 'SIGKILL');`,
  );
  const { stdout } = spawnSync(process.execPath, [script], { encoding: 'utf8' });
  const server = await start();
  expect(server).toMatchObject({ origin: 'adopted' });
  expect(server.pid()).toBe(Number(stdout));
  // PostgreSQL ends the session of the killed one when it notices; until then nobody is the last to leave.
  await expect.poll(() => usersOf(server)).toBe(1);
  expect(await server.stop()).toBe('stopped');
});

test('a database that was killed comes back by itself: refused meanwhile, answered after', async () => {
  const server = await startUsed();
  const database = await open(server);
  const killed = server.pid();
  process.kill(killed, 'SIGKILL');
  await expect.poll(() => isAlive(killed)).toBe(false);
  const codes = new Set<string>();
  const ask = (): Promise<string> =>
    database
      .transaction({ kind: 'instance' }, ({ em }) => em.execute('select 1'))
      .then(
        () => 'answered',
        (error: { code?: string }) => error.code ?? String(error),
      );
  await expect
    .poll(
      async () => {
        const answer = await ask();
        codes.add(answer);
        return answer;
      },
      { timeout: 60_000 },
    )
    .toBe('answered');
  expect([...codes].every((code) => code === 'answered' || code === 'database_unavailable')).toBe(true);
  await expect.poll(() => server.pid()).not.toBe(killed);
  await expect.poll(() => database.notifications.state()).toBe('connected');
});

describe('a lock file that names', () => {
  test.each([
    ['a process that has ended', 'ended'],
    ['a process that is something else by now', 'reused'],
  ] as const)('%s keeps nothing from starting', async (_, kind) => {
    await cp(usedData, join(folder, 'data'), { recursive: true });
    const cluster = join(folder, 'data', 'embedded', 'cluster');
    const other = spawnSync('true').pid;
    const pid = kind === 'ended' ? other : process.ppid;
    await writeFile(
      join(cluster, 'postmaster.pid'),
      `${pid}\n${cluster}\n1700000000\n5432\n${folder}\n\n\nready   \n`,
    );
    const again = await start();
    expect(again.origin).toBe('started');
    await (await open(again)).ping();
  });
});

test('an initialization that was cut off is not taken for a database', async () => {
  await mkdir(join(folder, 'data', 'embedded', 'cluster.12345'), { recursive: true });
  await writeFile(join(folder, 'data', 'embedded', 'cluster.12345', 'PG_VERSION'), '18\n');
  expect((await start()).origin).toBe('created');
});

test('data of another major version is refused and not touched', async () => {
  const cluster = join(folder, 'data', 'embedded', 'cluster');
  await mkdir(cluster, { recursive: true, mode: 0o700 });
  await writeFile(join(cluster, 'PG_VERSION'), '14\n');
  expect(await codeOf(start)).toBe('embedded_database_version_foreign');
  expect(await readFile(join(cluster, 'PG_VERSION'), 'utf8')).toBe('14\n');
});

test('a data folder whose path is too long for a socket', async () => {
  const dataFolder = join(folder, 'a'.repeat(60), 'b'.repeat(60));
  const server = await startUsed(dataFolder);
  expect(server.target.folder.startsWith(folder)).toBe(false);
  expect((await stat(server.target.folder)).mode & 0o777).toBe(0o700);
  await (await open(server)).ping();
  const second = await start({ dataFolder });
  expect(second.target.folder).toBe(server.target.folder);
  expect(await second.stop()).toBe('left');
  await started[1]?.stop();
  await server.stop();
  await expect(stat(server.target.folder)).rejects.toThrow('ENOENT');
});

test('a data folder whose name has spaces, quotes and a percent sign', async () => {
  const server = await startUsed(join(folder, `it's a "data" folder, 100%`));
  await (await open(server)).ping();
});

describe.runIf(process.getuid?.() === 0)('as root without user namespaces', () => {
  const namespaces = 'forbidden';

  test('runs as another uid inside the data folder where that uid can get there', async () => {
    await chmod(folder, 0o755);
    const server = await start({ namespaces });
    const { uid } = await stat(join('/proc', String(server.pid())));
    expect(uid).not.toBe(0);
    expect(server.target.folder.startsWith(join(folder, 'data'))).toBe(true);
    await (await open(server)).ping();
  });

  test('runs outside it where a folder above is closed, and finds it again', async () => {
    await chmod(folder, 0o700);
    const server = await start({ namespaces });
    expect(server.target.folder.startsWith(folder)).toBe(false);
    await (await open(server)).ping();
    await started.pop()?.stop();
    await server.stop();
    const again = await start({ namespaces });
    expect(again.target.folder).toBe(server.target.folder);
    expect(again.origin).toBe('started');
    await again.stop();
    await rm(join(again.target.folder, '..'), { recursive: true });
  });

  test('takes over a database that was made in a namespace, and keeps its owner from then on', async () => {
    await chmod(folder, 0o755);
    await cp(usedData, join(folder, 'data'), { recursive: true });
    const second = await start({ namespaces });
    expect(second.origin).toBe('started');
    await second.stop();
    const third = await start();
    expect((await stat(join('/proc', String(third.pid())))).uid).not.toBe(0);
  });
});

describe.runIf(process.getuid?.() === 0)('as a plain user', () => {
  test.each([
    ['with a name', 65_534],
    ['without a name, as containers hand them out', 12_345],
  ])('%s: starts, is used and stops', async (_, uid) => {
    const home = await mkdtemp(join(tmpdir(), 'souk-plain-'));
    await chmod(home, 0o777);
    const code = new URL('..', import.meta.url).pathname;
    await cp(code, join(home, 'database'), { recursive: true });
    await cp(join(code, '..', 'spec'), join(home, 'spec'), { recursive: true });
    await writeFile(join(home, 'package.json'), '{"type":"module"}');
    await symlink(join(code, '..', 'node_modules'), join(home, 'node_modules'));
    await writeFile(
      join(home, 'main.ts'),
      `import { startEmbeddedPostgres } from './database/embedded/launcher.ts';
       const server = await startEmbeddedPostgres({ dataFolder: './data', durability: 'none' });
       console.log(server.origin, process.getuid(), await server.stop());`,
    );
    const { stdout, stderr } = spawnSync(process.execPath, ['main.ts'], {
      cwd: home,
      uid,
      gid: uid,
      encoding: 'utf8',
    });
    await rm(home, { recursive: true });
    expect(stderr).toBe('');
    expect(stdout.trim()).toBe(`created ${uid} stopped`);
  });
});
