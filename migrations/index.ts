/** Every migration, in the order of running. A migration that has been released is never changed. */
import type { NamedMigration } from '../database/index.ts';

export const MIGRATIONS: readonly NamedMigration[] = [];
