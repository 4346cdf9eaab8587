/**
 * Who uses the built-in database: each server process holds one session with a shared advisory lock for as long
 * as it lives, so a killed process is gone from the count by itself. The one that leaves last gets the lock for
 * itself alone and stops PostgreSQL; one that arrives in that moment is refused the shared lock and tries again.
 */
import { Client } from 'pg';
import { Fault } from '../../spec/refusal.ts';
import { SUPERUSER, SOUK_DATABASE, SOUK_ROLE } from './names.ts';

/** Advisory lock keys are one number space per database; this one lives in the database `postgres`. */
const PRESENCE_LOCK = 7_605_001;
const BOOTSTRAP_LOCK = 7_605_002;

/** An open session that counts us among the users. */
export type Presence = { readonly client: Client };

/** @returns undefined where the server is about to stop. */
export async function enter(socketFolder: string): Promise<Presence | undefined> {
  const client = new Client({ host: socketFolder, user: SUPERUSER, database: 'postgres' });
  client.on('error', () => undefined);
  try {
    await client.connect();
    const { rows } = await client.query<{ entered: boolean }>(
      'select pg_try_advisory_lock_shared($1) as entered',
      [PRESENCE_LOCK],
    );
    if (rows[0]?.entered === true) return { client };
  } catch {
    // Shutting down, or gone since we looked: the caller looks again.
  }
  await client.end().catch(() => undefined);
  return undefined;
}

/**
 * Makes the role and the database of the server, once. The role is an ordinary one: it owns its database and is
 * subject to row level security, which a superuser would pass by.
 */
export async function bootstrap({ client }: Presence): Promise<void> {
  await client.query('select pg_advisory_lock($1)', [BOOTSTRAP_LOCK]);
  const role = await client.query('select from pg_roles where rolname = $1', [SOUK_ROLE]);
  if (role.rowCount === 0) await client.query(`create role ${SOUK_ROLE} login`);
  const database = await client.query('select from pg_database where datname = $1', [SOUK_DATABASE]);
  if (database.rowCount === 0) await client.query(`create database ${SOUK_DATABASE} owner ${SOUK_ROLE}`);
  await client.query('select pg_advisory_unlock($1)', [BOOTSTRAP_LOCK]);
}

/** Leaves. @returns `last` where nobody else is there, in which case nobody can enter any more. */
export async function leave({ client }: Presence): Promise<'last' | 'others'> {
  const { rows } = await client.query<{ left: boolean; last: boolean }>(
    'select pg_advisory_unlock_shared($1) as left, pg_try_advisory_lock($1) as last',
    [PRESENCE_LOCK],
  );
  if (rows[0] === undefined) throw new Fault('the built-in database did not answer a question with one row');
  return rows[0].last ? 'last' : 'others';
}
