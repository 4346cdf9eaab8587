import type { Transaction } from './transaction.ts';

/** Something that is locked by its name, because there may be no row of it to lock. */
export type NamedLock = { readonly name: string; readonly mode: 'shared' | 'exclusive' };

const FUNCTIONS = {
  shared: 'pg_advisory_xact_lock_shared',
  exclusive: 'pg_advisory_xact_lock',
} as const;

/**
 * Takes locks in this order, in one round trip, waits for whoever holds them, and keeps them until the transaction
 * ends. What is read afterwards, in a statement of its own, is what the holders before left.
 */
export async function takeLocks(tx: Transaction, locks: readonly [NamedLock, ...NamedLock[]]): Promise<void> {
  const calls = locks.map(({ mode }) => `${FUNCTIONS[mode]}(hashtextextended(?, 0))`);
  await tx.em.execute(
    `select ${calls.join(', ')}`,
    locks.map(({ name }) => name),
  );
}
