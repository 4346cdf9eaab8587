import type { Transaction } from '../../database/index.ts';

/** Until the transaction ends, nobody else publishes under this name, reviews, yanks or re-signs a version of it. */
export async function lockPlugin(tx: Transaction, pluginId: string): Promise<void> {
  await tx.em.execute('select pg_advisory_xact_lock(hashtextextended(?, 0))', [`plugin:${pluginId}`]);
}
