import { IsolationLevel } from '@mikro-orm/core';
import type { EntityManager } from '@mikro-orm/postgresql';
import { Fault } from '../spec/refusal.ts';
import { translateFailure } from './unavailable.ts';
import { isUuid } from '../spec/uuid.ts';

/**
 * Whose rows a transaction sees and writes, enforced by row level security: those of one organization, or, for the
 * instance's own work (publishing, administration, sealing), those of all.
 */
export type Scope = { readonly kind: 'org'; readonly orgId: string } | { readonly kind: 'instance' };

/** An open transaction. Everything done through `em` commits or rolls back together. */
export type Transaction = {
  readonly em: EntityManager;
  readonly scope: Scope;
  /**
   * Tells every server, at the commit; this one before `transaction` returns. Not for hot writes: PostgreSQL lets
   * one notifying transaction commit at a time.
   *
   * @param payload at most 7999 bytes: an id, not the thing itself
   */
  notify(channel: string, payload: string): Promise<void>;
  /** Runs after the commit, and not at all after a rollback. Must not throw. */
  afterCommit(work: () => void): void;
};

export type TransactionOptions = {
  /** Default `read committed`. Under the two others the database may answer with a conflict to be tried again. */
  readonly isolation?: 'read committed' | 'repeatable read' | 'serializable';
  /** Default `read write`. */
  readonly access?: 'read write' | 'read only';
};

/** What a transaction is run on and with. */
export type TransactionSetup = {
  readonly root: EntityManager;
  /** Hands a notification to this server's own listeners. */
  readonly deliver?: (channel: string, payload: string) => void;
};

/** Runs `work` in a transaction of its own fork of the root manager, flushes and commits. */
export async function runTransaction<Result>(
  setup: TransactionSetup,
  scope: Scope,
  work: (tx: Transaction) => Promise<Result>,
  options: TransactionOptions = {},
): Promise<Result> {
  const em = setup.root.fork({
    clear: true,
    useContext: false,
    session: { variables: sessionVariables(scope) },
  });
  const followUps: (() => void)[] = [];
  const tx = createTransaction(em, scope, followUps, setup);
  await translated('working', () => em.begin(beginOptions(options)));
  const result = await translated('working', () => workAndFlush(tx, work));
  await translated('committing', () => commit(em));
  for (const followUp of followUps) followUp();
  return result;
}

function createTransaction(
  em: EntityManager,
  scope: Scope,
  followUps: (() => void)[],
  { deliver }: TransactionSetup,
): Transaction {
  return {
    em,
    scope,
    notify: async (channel, payload) => {
      await em.execute('select pg_notify(?, ?)', [channel, payload]);
      if (deliver) followUps.push(() => deliver(channel, payload));
    },
    afterCommit: (followUp) => void followUps.push(followUp),
  };
}

function beginOptions({ isolation, access }: TransactionOptions): Parameters<EntityManager['begin']>[0] {
  const levels = {
    'read committed': IsolationLevel.READ_COMMITTED,
    'repeatable read': IsolationLevel.REPEATABLE_READ,
    serializable: IsolationLevel.SERIALIZABLE,
  };
  return {
    ...(isolation ? { isolationLevel: levels[isolation] } : {}),
    ...(access ? { readOnly: access === 'read only' } : {}),
  };
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

/** A deferred constraint or a conflict is found here, and leaves a transaction that has to be ended. */
async function commit(em: EntityManager): Promise<void> {
  try {
    await em.commit();
  } catch (error) {
    await em.rollback().catch(() => undefined);
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
      if (!isUuid(scope.orgId))
        throw new Fault('a transaction was opened for an organization id that is no UUID');
      return { 'souk.scope': 'org', 'souk.org_id': scope.orgId };
    case 'instance':
      return { 'souk.scope': 'instance', 'souk.org_id': '' };
  }
}
