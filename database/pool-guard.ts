/**
 * Gives back to the pool what broke while it was lent out.
 *
 * Where `begin`, `commit` or `rollback` fails because the connection is gone, the query builder below the ORM never
 * releases it, so each break would cost the pool one place for good, until no transaction could begin.
 */
import type { Duplex } from 'node:stream';
import type { Pool, PoolClient } from 'pg';

export type PoolGuard = {
  /** To be called before the pool lends its first connection. */
  watch(pool: Pool): void;
  /**
   * Breaks every connection, lent or not: for a database that is silent, of which no socket ever says that it is gone.
   * Who waits for an answer learns that the connection was terminated.
   */
  cut(): void;
};

export function createPoolGuard(): PoolGuard {
  const clients = new Set<PoolClient>();
  return {
    watch: (pool) => {
      pool.on('connect', (client) => void clients.add(client));
      pool.on('remove', (client) => void clients.delete(client));
      giveBackBroken(pool);
    },
    cut: () => {
      for (const client of clients) socketOf(client).destroy();
    },
  };
}

/** `end()` would say goodbye first and wait for the answer, where no query is under way. */
function socketOf(client: PoolClient): Duplex {
  return (client as unknown as { connection: { stream: Duplex } }).connection.stream;
}

function giveBackBroken(pool: Pool): void {
  const lent = new WeakSet<PoolClient>();
  const watches = new WeakMap<PoolClient, () => void>();
  pool.on('acquire', (client) => {
    lent.add(client);
    // The pool makes `release` anew for each loan, right after this event.
    queueMicrotask(() => {
      // Nobody waited for it any more: it went straight back.
      if (!lent.has(client)) return;
      releaseOnce(client);
      const onEnd = (): void => client.release(true);
      watches.set(client, onEnd);
      client.once('end', onEnd);
    });
  });
  pool.on('release', (_error, client) => {
    lent.delete(client);
    const onEnd = watches.get(client);
    if (onEnd) client.off('end', onEnd);
  });
}

/** A loan ends by its borrower or by the end of the connection; the pool throws at who comes second. */
function releaseOnce(client: PoolClient): void {
  const release = client.release;
  let isLent = true;
  client.release = (problem) => {
    if (isLent) release(problem);
    isLent = false;
  };
}
