/**
 * The key documents of a publisher as the database keeps them. Every reading replays the whole chain: what the
 * registry believes about a publisher follows from the envelopes alone, never from a column beside them.
 */
import type { Database, NamedLock, Transaction } from '../../database/index.ts';
import { type KeyHistory, replayKeyHistory } from '../../signing/index.ts';
import { KeyDocumentEntity } from '../entities/index.ts';

/** @returns the accepted documents, oldest first, or undefined where the publisher has none */
export async function loadKeyHistory(tx: Transaction, publisher: string): Promise<KeyHistory | undefined> {
  const rows = await tx.em.find(KeyDocumentEntity, { publisher }, { orderBy: { version: 'asc' } });
  if (rows.length === 0) return undefined;
  return replayKeyHistory(publisher, rows);
}

/** @returns the version of the document in force, 0 where there is none */
export async function newestKeyVersion(tx: Transaction, publisher: string): Promise<number> {
  const [row] = await tx.em.execute<{ version: number | null }[]>(
    'select max(version) as version from publisher_key_document where publisher = ?',
    [publisher],
  );
  return row?.version ?? 0;
}

/**
 * While it is held in shared mode, no key document of the publisher is accepted: what is stored meanwhile was judged by
 * the keys in force. Many publications hold it at once. While it is held alone, nothing else is judged by these keys.
 */
export function keysLock(publisher: string, mode: NamedLock['mode']): NamedLock {
  return { name: `keys:${publisher}`, mode };
}

/** One accepted document, for whoever verifies offline: these, in order, are a trust file's `documents`. */
type KeyDocumentRecord = {
  readonly version: number;
  readonly acceptedAt: Date;
  readonly envelope: Uint8Array;
};

/** @returns every accepted document of the publisher, oldest first; none for one that has no keys */
export async function listKeyDocuments(database: Database, publisher: string): Promise<KeyDocumentRecord[]> {
  return database.transaction({ kind: 'instance' }, async ({ em }) => {
    const rows = await em.find(KeyDocumentEntity, { publisher }, { orderBy: { version: 'asc' } });
    return rows.map(({ version, acceptedAt, envelope }) => ({ version, acceptedAt, envelope }));
  });
}
