/** Where the master keys come from, and whether they are those that the database was written with. */
import { randomBytes } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import type { Database, Transaction } from '../../database/index.ts';
import { Refusal } from '../../spec/refusal.ts';
import { MasterKeyEntity } from './entities.ts';
import { parseKeyRing, type KeyRing } from './key-ring.ts';

export type MasterKeySource =
  | { readonly kind: 'text'; readonly text: string }
  /** `ifAbsent`: a first start makes the file of its own data folder, and no other. */
  | { readonly kind: 'file'; readonly path: string; readonly ifAbsent: 'make' | 'refuse' };

const INSTANCE = { kind: 'instance' } as const;

/**
 * Reads the keys, makes one at the first start of an instance, and holds their ids against the database. Without the
 * right key a server does not start: it could neither open a secret nor seal one that the others can open.
 * @throws Refusal `master_key_invalid`, `master_key_unknown`
 */
export async function openMasterKeys(database: Database, source: MasterKeySource): Promise<KeyRing> {
  const ring = parseKeyRing((await readKeys(source)) ?? (await makeKey(database, source)));
  await database.transaction(INSTANCE, async (tx) => {
    // Servers that start at the same moment register one after the other.
    await tx.em.execute(`select pg_advisory_xact_lock(hashtextextended('souk.master-keys', 0))`);
    await requireKnownKeys(tx, ring);
    await register(tx, ring);
  });
  return ring;
}

async function readKeys(source: MasterKeySource): Promise<string | undefined> {
  if (source.kind === 'text') return source.text;
  try {
    return await readFile(source.path, 'utf8');
  } catch (error) {
    const isAbsent = (error as NodeJS.ErrnoException).code === 'ENOENT';
    if (isAbsent && source.ifAbsent === 'make') return undefined;
    throw new Refusal('master_key_invalid', { detail: 'The file of the master key cannot be read.' });
  }
}

async function makeKey(database: Database, source: MasterKeySource): Promise<string> {
  const id = await database.transaction(INSTANCE, currentKeyId);
  if (id !== undefined) throw unknownKeys([id]);
  const text = `${randomBytes(32).toString('base64url')}\n`;
  // Exclusive: a key that is there is never written over.
  if (source.kind === 'file') await writeFile(source.path, text, { mode: 0o600, flag: 'wx', flush: true });
  return text;
}

async function currentKeyId(tx: Transaction): Promise<string | undefined> {
  const [newest] = await tx.em.find(MasterKeyEntity, {}, { orderBy: { currentSince: 'desc' }, limit: 1 });
  return newest?.id;
}

/** The key that the other servers seal with, and each that something is still sealed under. */
async function requireKnownKeys(tx: Transaction, ring: KeyRing): Promise<void> {
  const current = await currentKeyId(tx);
  const rows = await tx.em.execute<{ key_id: string }[]>(
    'select key_id from secret union select key_id from mail_server where key_id is not null',
  );
  const needed = new Set([...(current === undefined ? [] : [current]), ...rows.map(({ key_id }) => key_id)]);
  const unknown = [...needed].filter((id) => !ring.byId.has(id));
  if (unknown.length > 0) throw unknownKeys(unknown);
}

function unknownKeys(ids: readonly string[]): Refusal {
  return new Refusal('master_key_unknown', {
    detail: `This server lacks the master key ${ids.join(', ')}, which the database was written with.`,
  });
}

async function register(tx: Transaction, { current }: KeyRing): Promise<void> {
  if ((await currentKeyId(tx)) === current.id) return;
  await tx.em.upsert(MasterKeyEntity, { id: current.id, currentSince: new Date() });
}
