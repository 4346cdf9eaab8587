export type { ConnectionTarget } from './connection-target.ts';
export { openDatabase, type Database, type DatabaseOptions, type Entities } from './database.ts';
export { startEmbeddedPostgres, type EmbeddedOptions, type EmbeddedPostgres } from './embedded/launcher.ts';
export type { NamedMigration } from './migrate.ts';
export type { Listener, Notifications } from './notifications.ts';
export { tenantTableSql } from './row-security.ts';
export type { Scope, Transaction } from './transaction.ts';
