import type { EntityManager } from '@mikro-orm/postgresql';
import { Fault } from '../spec/refusal.ts';
import { translateFailure } from './unavailable.ts';

/**
 * Whose rows a transaction sees and writes, enforced by row level security: those of one organization, or, for the
 * instance's own work (publishing, administration, sealing), those of all.
 */
export type Scope = { readonly kind: 'org'; readonly orgId: string } | { readonly kind: 'instance' };

/** An open transaction. Everything done through `em` commits or rolls back together. */
export type Transaction = {
  readonly em: EntityManager;
  readonly scope: Scope;
  /** Runs after the commit, and not at all after a rollback. Must not throw. */
  afterCommit(work: () => void): void;
};

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/u;

/** Runs `work` in a transaction of its own fork of `root`, flushes and commits. */
export async function runTransaction<Result>(
  root: EntityManager,
  scope: Scope,
  work: (tx: Transaction) => Promise<Result>,
): Promise<Result> {
  const em = root.fork({ clear: true, useContext: false, session: { variables: sessionVariables(scope) } });
  const followUps: (() => void)[] = [];
  const tx: Transaction = { em, scope, afterCommit: (followUp) => void followUps.push(followUp) };
  await translated('working', () => em.begin());
  const result = await translated('working', () => workAndFlush(tx, work));
  await translated('committing', () => em.commit());
  for (const followUp of followUps) followUp();
  return result;
}

/** A constraint that the database finds at the flush is still an error of the work, not of the commit. */
async function workAndFlush<Result>(
  tx: Transaction,
  work: (tx: Transaction) => Promise<Result>,
): Promise<Result> {
  try {
    const result = await work(tx);
    await tx.em.flush();
    return result;
  } catch (error) {
    // A rollback on a broken connection fails too, and tells less than the error before it.
    await tx.em.rollback().catch(() => undefined);
    throw error;
  }
}

async function translated<Result>(
  phase: 'working' | 'committing',
  work: () => Promise<Result>,
): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    throw translateFailure(error, phase);
  }
}

function sessionVariables(scope: Scope): Record<string, string> {
  switch (scope.kind) {
    case 'org':
      if (!UUID.test(scope.orgId))
        throw new Fault('a transaction was opened for an organization id that is no UUID');
      return { 'souk.scope': 'org', 'souk.org_id': scope.orgId };
    case 'instance':
      return { 'souk.scope': 'instance', 'souk.org_id': '' };
  }
}
