/**
 * Keeps connections that are good for nothing out of the pool: gives back to it what broke while it was lent out, and
 * lets go of what leads to a server that takes no changes.
 *
 * Where `begin`, `commit` or `rollback` fails because the connection is gone, the query builder below the ORM never
 * releases it, so each break would cost the pool one place for good, until no transaction could begin.
 */
import type { EventEmitter } from 'node:events';
import type { Duplex } from 'node:stream';
import type { Pool, PoolClient } from 'pg';
import { READ_ONLY_STATE } from './unavailable.ts';

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
      const useless = new WeakSet<PoolClient>();
      pool.on('connect', (client) => watchForReadOnly(client, useless));
      giveBackBroken(pool, useless);
    },
    cut: () => {
      for (const client of clients) socketOf(client).destroy();
    },
  };
}

/** `end()` would say goodbye first and wait for the answer, where no query is under way. */
function socketOf(client: PoolClient): Duplex {
  return wireOf(client).stream;
}

type Wire = EventEmitter & { readonly stream: Duplex };

function wireOf(client: PoolClient): Wire {
  return (client as unknown as { connection: Wire }).connection;
}

/**
 * The server behind the address is another one after a failover, and nothing ends the connections to a former primary
 * that lives on as a standby: the pool would keep them for as long as they are asked.
 */
function watchForReadOnly(client: PoolClient, useless: WeakSet<PoolClient>): void {
  wireOf(client).on('errorMessage', ({ code }: { code?: string }) => {
    if (code === READ_ONLY_STATE) useless.add(client);
  });
}

function giveBackBroken(pool: Pool, useless: WeakSet<PoolClient>): void {
  const lent = new WeakSet<PoolClient>();
  const watches = new WeakMap<PoolClient, () => void>();
  pool.on('acquire', (client) => {
    lent.add(client);
    // The pool makes `release` anew for each loan, right after this event.
    queueMicrotask(() => {
      // Nobody waited for it any more: it went straight back.
      if (!lent.has(client)) return;
      releaseOnce(client, useless);
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
function releaseOnce(client: PoolClient, useless: WeakSet<PoolClient>): void {
  const release = client.release;
  let isLent = true;
  client.release = (problem) => {
    if (isLent) release(problem ?? useless.has(client));
    isLent = false;
  };
}
