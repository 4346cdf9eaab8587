/** The connection to PostgreSQL: the ORM, transactions under a scope, migrations, notifications, readiness. */
import { randomUUID } from 'node:crypto';
import { Migrator } from '@mikro-orm/migrations';
import { MikroORM, SchemaGenerator, type EntityManager, type Options } from '@mikro-orm/postgresql';
import { Client, type ClientConfig } from 'pg';
import { Fault, Refusal } from '../spec/refusal.ts';
import type { ConnectionTarget } from './connection-target.ts';
import { Driver } from './driver.ts';
import { explainFirstContact } from './first-contact.ts';
import { MIGRATION_TABLE, runMigrations, type NamedMigration } from './migrate.ts';
import { openNotifications, type Notifications } from './notifications.ts';
import { createPoolGuard, type PoolGuard } from './pool-guard.ts';
import { runTransaction, type Scope, type Transaction, type TransactionOptions } from './transaction.ts';
import { readOnly, translateFailure } from './unavailable.ts';

export type Entities = NonNullable<Options['entities']>;

export type DatabaseOptions = {
  readonly target: ConnectionTarget;
  readonly entities: Entities;
  /** Most connections of the pool; the notifications have one of their own besides. Default 16. */
  readonly poolMax?: number;
  /**
   * How long PostgreSQL may take to let a connection in, and to give the line of notifications a sign of life. Default
   * 5 s and 2 s; tests, whose processes stall for longer, have minutes.
   */
  readonly answerMsMax?: number;
};

export type Database = {
  /** The ORM, for schema checks and for what needs its metadata. Its global manager is closed to queries. */
  readonly orm: MikroORM;
  readonly notifications: Notifications;
  /**
   * Runs `work` in a transaction that sees the rows of `scope`, and commits. Row level security holds inside; a
   * query outside a transaction sees no tenant's row.
   *
   * @throws what `work` throws, after a rollback; Refusal `database_unavailable` or `storage_full`
   */
  transaction<Result>(
    scope: Scope,
    work: (tx: Transaction) => Promise<Result>,
    options?: TransactionOptions,
  ): Promise<Result>;
  /** Brings the schema up to date, alone among all servers. Returns the names that ran. */
  migrate(migrations: readonly NamedMigration[]): Promise<string[]>;
  /** Proves that queries are answered and changes taken. @throws Refusal `database_unavailable` */
  ping(): Promise<void>;
  close(): Promise<void>;
};

const POOL_MAX_DEFAULT = 16;
const CONNECT_MS_MAX = 5_000;
/** PostgreSQL 15: `security_invoker` views and `unique nulls not distinct` exist, and it is still maintained. */
const SERVER_VERSION_MIN = 150_000;

/**
 * Connects and checks what stands on the other side.
 *
 * @throws Refusal `database_url_invalid`, `database_version_unsupported`, `database_role_unsuitable`, or as
 * `explainFirstContact`
 */
export async function openDatabase(options: DatabaseOptions): Promise<Database> {
  const config = clientConfig(options.target);
  const connections = nameConnections();
  const orm = createOrm(config, options, connections);
  const root = orm.em as EntityManager;
  try {
    await checkServer(root);
  } catch (error) {
    await orm.close(true);
    throw explainFirstContact(error);
  }
  const notifications = await openNotifications(
    { application_name: connections.name, ...config },
    connections.guard.cut,
    options.answerMsMax,
  );
  return {
    orm,
    notifications,
    transaction: (scope, work, how) =>
      runTransaction({ root, deliver: notifications.deliver }, scope, work, how),
    migrate: (migrations) => migrateWith(config, options, migrations),
    ping: () => ping(root),
    close: async () => {
      await notifications.close();
      await orm.close(true);
    },
  };
}

type Connections = { readonly name: string; readonly guard: PoolGuard };

/**
 * PostgreSQL shows the name (`pg_stat_activity`) for as long as one of the connections lives: other servers see by it
 * that this one does. A name in DATABASE_URL takes its place, and nobody is seen to have died.
 */
function nameConnections(): Connections {
  return { name: `souk ${randomUUID()}`, guard: createPoolGuard() };
}

function createOrm(
  config: ClientConfig,
  options: DatabaseOptions,
  { name, guard }: Connections,
  migrations: readonly NamedMigration[] = [],
): MikroORM {
  return new MikroORM({
    driver: Driver,
    dbName: config.database ?? 'souk',
    driverOptions: {
      ...config,
      connectionTimeoutMillis: options.answerMsMax ?? CONNECT_MS_MAX,
      application_name: name,
      onPoolCreated: guard.watch,
    },
    pool: { min: 0, max: options.poolMax ?? POOL_MAX_DEFAULT },
    entities: options.entities,
    discovery: { warnWhenNoEntities: false },
    extensions: [Migrator, SchemaGenerator],
    ensureDatabase: false,
    // Only a transaction's own manager may query: the global one has no scope.
    allowGlobalContext: false,
    forceUtcTimezone: true,
    // Policies are written by migrations, with row-security.ts.
    // What pg-boss keeps in a schema of its own is its own.
    schemaGenerator: { ignorePolicies: true, skipTables: [MIGRATION_TABLE], ignoreSchema: ['souk_queue'] },
    migrations: {
      tableName: MIGRATION_TABLE,
      migrationsList: migrations.map((migration) => ({ name: migration.name, class: migration.class })),
      snapshot: false,
      disableForeignKeys: false,
    },
    logger: () => undefined,
    colors: false,
  });
}

/** The ORM takes its migrations when it is made, so they get one of their own, with two connections. */
async function migrateWith(
  config: ClientConfig,
  options: DatabaseOptions,
  migrations: readonly NamedMigration[],
): Promise<string[]> {
  const orm = createOrm(config, { ...options, poolMax: 2 }, nameConnections(), migrations);
  try {
    return await runMigrations(orm, migrations);
  } finally {
    await orm.close(true);
  }
}

function clientConfig(target: ConnectionTarget): ClientConfig {
  switch (target.kind) {
    case 'socket':
      return { host: target.folder, user: target.user, database: target.database };
    case 'url':
      return { connectionString: target.url, database: databaseOf(target.url), keepAlive: true };
  }
}

/** The driver's own reading, so that what is checked here is what it connects to. */
function databaseOf(url: string): string {
  const database = /^postgres(?:ql)?:\/\//u.test(url) ? readDatabaseName(url) : undefined;
  if (database) return database;
  throw new Refusal('database_url_invalid', {
    detail:
      'The value of DATABASE_URL does not begin with postgres://, cannot be read, or names no database.',
  });
}

function readDatabaseName(url: string): string | undefined {
  try {
    return new Client({ connectionString: url }).database;
  } catch {
    return undefined;
  }
}

type ServerFacts = { version: number; role: string; above: boolean };

async function checkServer(em: EntityManager): Promise<void> {
  const [facts] = await em.fork().execute<ServerFacts[]>(
    `select current_setting('server_version_num')::int as version, rolname as role,
              rolsuper or rolbypassrls as above from pg_roles where rolname = current_user`,
  );
  if (!facts) throw new Fault('the database does not know the role that it let in');
  if (facts.version < SERVER_VERSION_MIN) {
    throw new Refusal('database_version_unsupported', {
      detail: `The server is PostgreSQL ${Math.floor(facts.version / 10_000)}; Souk needs 15 or later.`,
    });
  }
  if (facts.above) {
    throw new Refusal('database_role_unsuitable', {
      detail: `The role "${facts.role}" is a superuser or has BYPASSRLS, so no row of a tenant would be protected.`,
    });
  }
}

async function ping(em: EntityManager): Promise<void> {
  try {
    const [answer] = await em
      .fork()
      .execute<{ mode: string }[]>(`select current_setting('transaction_read_only') as mode`);
    // A standby answers every question, and takes nothing.
    if (answer?.mode !== 'off') throw readOnly();
  } catch (error) {
    throw translateFailure(error, 'working');
  }
}
