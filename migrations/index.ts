/** Every migration, in the order of running. A migration that has been released is never changed. */
import type { NamedMigration } from '../database/index.ts';
import { Migration0002 } from './0002-registry.ts';

export const MIGRATIONS: readonly NamedMigration[] = [{ name: '0002-registry', class: Migration0002 }];
