/** The database, built-in or given, brought up to date; and the store of package bytes. */
import type { Closers } from './closers.ts';
import { ENTITIES } from './entities.ts';
import type { Logger } from '../log.ts';
import type { Settings } from '../settings.ts';
import { makeDataFolder } from './unusable.ts';
import {
  openDatabase,
  startEmbeddedPostgres,
  startSealer,
  type ConnectionTarget,
  type Database,
} from '../../database/index.ts';
import { MIGRATIONS } from '../../migrations/index.ts';
import { openFileBlobStore, type BlobStore } from '../../registry/blobs/index.ts';

export type Storage = { readonly database: Database; readonly blobs: BlobStore };

export async function openStorage(settings: Settings, log: Logger, closers: Closers): Promise<Storage> {
  await makeDataFolder(settings.dataDir);
  const target = await databaseTarget(settings, log, closers);
  const database = closers.add('database', await openDatabase({ target, entities: ENTITIES }), (opened) =>
    opened.close(),
  );
  const migrations = await database.migrate(MIGRATIONS);
  if (migrations.length > 0) log.info({ migrations }, 'schema brought up to date');
  closers.add('audit sealer', startSealer(database), (sealer) => sealer.close());
  return { database, blobs: await openFileBlobStore(settings.blobDir) };
}

async function databaseTarget(settings: Settings, log: Logger, closers: Closers): Promise<ConnectionTarget> {
  if (settings.databaseUrl !== null) return { kind: 'url', url: settings.databaseUrl };
  const embedded = await startEmbeddedPostgres({ dataFolder: settings.dataDir });
  closers.add('built-in PostgreSQL', embedded, (postgres) => postgres.stop());
  log.info(
    { origin: embedded.origin, pid: embedded.pid() },
    'built-in PostgreSQL: for evaluation and single machines',
  );
  return embedded.target;
}
