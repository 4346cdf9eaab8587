/**
 * Vitest's global setup: one real PostgreSQL for the whole run, in a folder of its own, started when the first test
 * file asks for it (by making the file `wanted`) and stopped at the end. Tests get it through `database.ts`.
 */
import { existsSync, watch } from 'node:fs';
import { mkdtemp, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';
import type { TestProject } from 'vitest/node';
import { openDatabase, startEmbeddedPostgres, type EmbeddedPostgres } from '../../database/index.ts';
import { stopPostmaster } from '../../database/embedded/postmaster.ts';
import { MIGRATIONS } from '../../migrations/index.ts';
import { ANSWER_FILE, TEMPLATE_DATABASE, WANTED_FILE, type ServerAnswer } from './database-protocol.ts';

/** No other test makes folders of this name: what follows it is a process id. */
const PREFIX = 'souk-test-database-';
/** A process that is just ending may still write into its folder. */
const REMOVAL = { recursive: true, force: true, maxRetries: 30, retryDelay: 100 } as const;

export async function setup(project: TestProject): Promise<() => Promise<void>> {
  await sweepAbandoned();
  const folder = await mkdtemp(join(tmpdir(), `${PREFIX}${process.pid}-`));
  project.provide('databaseFolder', folder);
  let server: Promise<EmbeddedPostgres | undefined> | undefined;
  const watcher = watch(folder, () => {
    if (existsSync(join(folder, WANTED_FILE))) server ??= serve(folder).catch(() => undefined);
  });
  return async () => {
    watcher.close();
    const running = await server;
    await running?.stop();
    await rm(folder, REMOVAL);
  };
}

/** Starts, migrates the template and answers; a failure is an answer too. */
async function serve(folder: string): Promise<EmbeddedPostgres> {
  try {
    const server = await startEmbeddedPostgres({ dataFolder: folder, durability: 'none' });
    await makeTemplate(server);
    await answer(folder, { kind: 'ready', socketFolder: server.target.folder });
    return server;
  } catch (error) {
    await answer(folder, { kind: 'failed', reason: String(error) });
    throw error;
  }
}

async function makeTemplate(server: EmbeddedPostgres): Promise<void> {
  const { folder, user } = server.superuserTarget;
  const client = new Client({ host: folder, user, database: 'postgres' });
  await client.connect();
  await client.query(`create database ${TEMPLATE_DATABASE} owner ${server.target.user}`);
  await client.end();
  const database = await openDatabase({
    target: { ...server.target, database: TEMPLATE_DATABASE },
    entities: [],
    // A stall at the very beginning would take the whole run with it.
    answerMsMax: 120_000,
  });
  await database.migrate(MIGRATIONS);
  await database.close();
}

/** Whole or absent: readers look for the name. */
async function answer(folder: string, content: ServerAnswer): Promise<void> {
  await writeFile(join(folder, 'unfinished'), JSON.stringify(content));
  await rename(join(folder, 'unfinished'), join(folder, ANSWER_FILE));
}

/** A run that was killed leaves its server behind: its folder names the process that made it. */
async function sweepAbandoned(): Promise<void> {
  const names = (await readdir(tmpdir())).filter((name) => name.startsWith(PREFIX));
  for (const name of names) {
    const pid = Number.parseInt(name.slice(PREFIX.length), 10);
    if (!(pid > 0) || isAlive(pid)) continue;
    await stopPostmaster({ folder: join(tmpdir(), name, 'embedded', 'cluster'), state: 'found' });
    await rm(join(tmpdir(), name), REMOVAL);
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
