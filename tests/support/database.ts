/** A fresh database for a test file: a copy of the migrated template on the run's own PostgreSQL. */
import { randomBytes } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'pg';
import { inject } from 'vitest';
import { openDatabase, type ConnectionTarget, type Database, type Entities } from '../../database/index.ts';
import { Fault } from '../../spec/refusal.ts';
import { ANSWER_FILE, TEMPLATE_DATABASE, WANTED_FILE, type ServerAnswer } from './database-protocol.ts';

export type TestDatabase = {
  /** Opened as the ordinary role `souk`, as a server opens it. */
  readonly database: Database;
  /** For a second server on the same database. */
  readonly target: ConnectionTarget & { kind: 'socket' };
  /** Passes by row level security and triggers: looks at everything, tampers. */
  readonly superuser: Client;
  /** Opens it once more, as a second server would; closed by `drop`. */
  open(): Promise<Database>;
  /** Closes everything and drops the database. */
  drop(): Promise<void>;
};

/** A backend or the test itself may stall for seconds, and a line of notifications that is lost is another test. */
const ANSWER_MS_MAX = 120_000;

/**
 * @param entities those the test works with
 * @param schema `migrated` has every migration, `empty` none
 */
export async function startTestDatabase(
  entities: Entities,
  schema: 'migrated' | 'empty' = 'migrated',
): Promise<TestDatabase> {
  const host = await serverSocketFolder();
  const name = `test_${randomBytes(8).toString('hex')}`;
  const template = schema === 'migrated' ? TEMPLATE_DATABASE : 'template0';
  await administer(host, `create database ${name} template ${template} owner souk`);
  const target = { kind: 'socket', folder: host, user: 'souk', database: name } as const;
  const superuser = new Client({ host, user: 'postgres', database: name });
  superuser.on('error', () => undefined);
  await superuser.connect();
  const opened: Database[] = [];
  const open = async (): Promise<Database> => {
    const database = await openDatabase({ target, entities, poolMax: 8, answerMsMax: ANSWER_MS_MAX });
    opened.push(database);
    return database;
  };
  const database = await open();
  const drop = async (): Promise<void> => {
    for (const each of opened) await each.close();
    await superuser.end();
    await administer(host, `drop database ${name} with (force)`);
  };
  return { database, target, superuser, open, drop };
}

/** Only ends a hang: the first start on a busy machine makes a cluster and runs every migration. */
const START_MS_MAX = 150_000;

/** Asks the global setup for its server, once for each worker. */
let socketFolder: Promise<string> | undefined;

async function serverSocketFolder(): Promise<string> {
  return (socketFolder ??= askForServer(inject('databaseFolder')));
}

async function askForServer(folder: string): Promise<string> {
  await writeFile(join(folder, WANTED_FILE), '');
  for (let waitedMs = 0; waitedMs < START_MS_MAX; waitedMs += 10) {
    const text = await readFile(join(folder, ANSWER_FILE), 'utf8').catch(() => undefined);
    if (text !== undefined) return readAnswer(JSON.parse(text) as ServerAnswer);
    await sleep(10);
  }
  throw new Fault('the test database did not start');
}

function readAnswer(answer: ServerAnswer): string {
  switch (answer.kind) {
    case 'ready':
      return answer.socketFolder;
    case 'failed':
      throw new Fault(`the test database did not start: ${answer.reason}`);
  }
}

/** What PostgreSQL says of a database whose sessions are ended but have yet to go: `object_in_use`. */
const IN_USE = '55006';

/** PostgreSQL itself waits five seconds for the sessions of a database to go; a process may stall for longer. */
async function administer(host: string, sql: string): Promise<void> {
  const client = new Client({ host, user: 'postgres', database: 'postgres' });
  await client.connect();
  try {
    while ((await carryOut(client, sql)) === 'in use');
  } finally {
    await client.end();
  }
}

async function carryOut(client: Client, sql: string): Promise<'done' | 'in use'> {
  try {
    await client.query(sql);
    return 'done';
  } catch (error) {
    if ((error as { code?: string }).code === IN_USE) return 'in use';
    throw error;
  }
}
