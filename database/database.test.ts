import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startTestDatabase, type TestDatabase } from '../tests/support/database.ts';
import { codeOf } from '../tests/support/refusals.ts';
import { openDatabase, type Database } from './database.ts';

let fixture: TestDatabase;

beforeAll(async () => {
  fixture = await startTestDatabase([], 'empty');
});

afterAll(() => fixture.drop());

function openUrl(url: string): () => Promise<unknown> {
  return () => openDatabase({ target: { kind: 'url', url }, entities: [] });
}

describe('DATABASE_URL', () => {
  test('with a socket folder connects', async () => {
    const { folder, user, database } = fixture.target;
    const opened = await openDatabase({
      target: { kind: 'url', url: `postgres://${user}@/${database}?host=${folder}` },
      entities: [],
    });
    await opened.ping();
    // Where the first try to listen takes too long there is a next one.
    await expect.poll(() => opened.notifications.state()).toBe('connected');
    await opened.close();
  });

  test.each([
    '',
    'mysql://a/b',
    'postgres://',
    'souk',
    'postgres://a:b@c:notaport/d',
    'postgres://h/%ff',
    '/tmp',
  ])('%j is none', async (url) => {
    expect(await codeOf(openUrl(url))).toBe('database_url_invalid');
  });

  test('where nobody listens is unavailable, without its password in the text', async () => {
    const attempt = openUrl('postgres://souk:topsecret@127.0.0.1:1/souk');
    expect(await codeOf(attempt)).toBe('database_unavailable');
    await expect(attempt()).rejects.not.toThrow('topsecret');
  });

  test.each([
    ['a role that there is not', { user: 'stranger' }, '', 'database_access_refused'],
    ['TLS that the server does not speak', {}, '&sslmode=verify-full', 'database_access_refused'],
    ['a database that there is not', { database: 'nowhere' }, '', 'database_missing'],
    ['a setting that there is not', {}, '&options=-c%20nonsense%3D1', 'database_contact_failed'],
  ])('with %s is told apart', async (_what, changes, options, code) => {
    const { folder, user, database } = { ...fixture.target, ...changes };
    const attempt = openUrl(`postgres://${user}@/${database}?host=${folder}${options}`);
    expect(await codeOf(attempt)).toBe(code);
  });

  test('of a superuser is refused: no policy would hold', async () => {
    const target = { ...fixture.target, user: 'postgres' };
    expect(await codeOf(() => openDatabase({ target, entities: [] }))).toBe('database_role_unsuitable');
  });

  test('of a role that passes by policies is refused', async () => {
    await fixture.superuser.query('drop role if exists passer_by');
    await fixture.superuser.query('create role passer_by login bypassrls');
    const target = { ...fixture.target, user: 'passer_by' };
    expect(await codeOf(() => openDatabase({ target, entities: [] }))).toBe('database_role_unsuitable');
    await fixture.superuser.query('drop role passer_by');
  });
});

describe('a database that takes no changes', () => {
  const write = (to: Database): Promise<unknown> =>
    to.transaction({ kind: 'instance' }, ({ em }) => em.execute('create table written (id int)'));

  test('is unavailable, and its connections are let go of: those that follow may lead elsewhere', async () => {
    const setting = `alter database ${fixture.target.database} set default_transaction_read_only`;
    await fixture.superuser.query(`${setting} = on`);
    const opened = await openDatabase({ target: fixture.target, entities: [] });
    const detail = { code: 'database_unavailable', message: 'The database takes no changes right now.' };
    await expect(opened.ping()).rejects.toMatchObject(detail);
    await expect(write(opened)).rejects.toMatchObject(detail);
    await fixture.superuser.query(`${setting} = off`);
    await write(opened);
    await opened.ping();
    await opened.close();
  });
});

describe('the pool has as many places as before, after more failures than it has places', () => {
  const FAILURES = 12;

  test('of connections that break in the middle: each is unavailable', async () => {
    for (let index = 0; index < FAILURES; index += 1) {
      const breaking = (): unknown =>
        fixture.database.transaction({ kind: 'instance' }, async ({ em }) => {
          const [{ pid }] = (await em.execute('select pg_backend_pid() as pid')) as [{ pid: number }];
          await fixture.superuser.query('select pg_terminate_backend($1)', [pid]);
          await em.execute('select 1');
        });
      expect(await codeOf(breaking)).toBe('database_unavailable');
    }
    await fixture.database.ping();
  });

  test('of connections that break before the commit: nobody knows, and the hint says so', async () => {
    for (let index = 0; index < FAILURES; index += 1) {
      const breaking = fixture.database.transaction({ kind: 'instance' }, async ({ em }) => {
        const [{ pid }] = (await em.execute('select pg_backend_pid() as pid')) as [{ pid: number }];
        await fixture.superuser.query('select pg_terminate_backend($1)', [pid]);
      });
      await expect(breaking).rejects.toMatchObject({
        code: 'database_unavailable',
        hint: expect.stringContaining('took effect') as string,
      });
    }
    await fixture.database.ping();
  });

  test('of commits that are refused', async () => {
    await fixture.superuser.query(
      'create table late (id int unique deferrable initially deferred); alter table late owner to souk',
    );
    for (let index = 0; index < FAILURES; index += 1) {
      const refused = fixture.database.transaction({ kind: 'instance' }, ({ em }) =>
        em.execute('insert into late values (1), (1)'),
      );
      await expect(refused).rejects.toThrow(/duplicate key/u);
    }
    await fixture.database.ping();
  });
});

test('a query that fails is not taken for a database that is away', async () => {
  const failing = fixture.database.transaction({ kind: 'instance' }, ({ em }) => em.execute('select 1 / 0'));
  await expect(failing).rejects.toThrow(/division by zero/u);
});

test('closing leaves no connection behind', async () => {
  const opened = await fixture.open();
  await opened.ping();
  await opened.close();
  const { target } = fixture;
  const client = new Client({ host: target.folder, user: 'postgres', database: target.database });
  await client.connect();
  const count = async (): Promise<number> => {
    const { rows } = await client.query<{ count: number }>(
      `select count(*)::int from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()`,
    );
    return rows[0]?.count ?? 0;
  };
  await fixture.database.close();
  // The fixture's own superuser session is what is left.
  await expect.poll(count).toBe(1);
  await client.end();
});
