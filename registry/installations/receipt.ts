/** Receipts of consent: who granted what, when, for which bytes. */
import { randomUUIDv7 } from 'node:crypto';
import type { Transaction } from '../../database/index.ts';
import { actorName } from './actor.ts';
import type { Acting } from './context.ts';
import { ConsentReceiptEntity, type Installation } from './entities/index.ts';

/** A receipt for every package that comes in, also where it asked for nothing new: it names the digest. */
export function writeReceipt(tx: Transaction, { orgId, actor }: Acting, row: Installation, at: Date): void {
  tx.em.persist(
    tx.em.create(ConsentReceiptEntity, {
      id: randomUUIDv7(),
      orgId,
      installationId: row.id,
      pluginId: row.pluginId,
      version: row.version,
      digest: row.digest,
      asked: row.manifest.permissions ?? [],
      granted: row.grants,
      grantedAt: at,
      grantedBy: actorName(actor),
    }),
  );
}
