/** A wire to the test database that can be cut: for a server, the database is then gone. */
import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { Transform } from 'node:stream';
import { afterAll } from 'vitest';
import type { TestDatabase } from './database.ts';

export type DatabaseProxy = {
  /** DATABASE_URL through the wire. */
  readonly url: string;
  /** Breaks every connection and takes no new one. */
  cut(): Promise<void>;
  /** Takes connections again, at the same address. */
  mend(): Promise<void>;
  /** Takes connections and passes nothing on, either way: as a database that hangs, or a network that loses all. */
  stall(): void;
  /** Passes on again, also what was held back meanwhile. */
  flow(): void;
  /** Whether LISTEN is refused, and all else taken, as by a standby. */
  refuseListen(isRefused: boolean): void;
};

/**
 * Below those that systems hand out by themselves (Linux: 32768 and above), so that nobody else is given the port of a
 * wire that is cut.
 */
const PORTS = { first: 20_000, end: 32_768 } as const;

export async function openDatabaseProxy({ target }: TestDatabase): Promise<DatabaseProxy> {
  const sockets = new Set<Socket>();
  let isStalled = false;
  let isListenRefused = false;
  const server = createServer((near) => {
    const far = connect(`${target.folder}/.s.PGSQL.5432`);
    join(near, far, sockets);
    near.pipe(misspelling(() => isListenRefused)).pipe(far);
    if (isStalled) near.pause();
  });
  const port = await listenSomewhere(server);
  const cut = async (): Promise<void> => {
    const closed = once(server, 'close');
    server.close();
    for (const socket of sockets) socket.destroy();
    await closed;
  };
  afterAll(async () => {
    if (server.listening) await cut();
  });
  const url = `postgresql://${target.user}@127.0.0.1:${port}/${target.database}`;
  return {
    url,
    cut,
    mend: () => listen(server, port),
    stall: () => {
      isStalled = true;
      for (const socket of sockets) socket.pause();
    },
    flow: () => {
      isStalled = false;
      for (const socket of sockets) socket.resume();
    },
    refuseListen: (isRefused) => {
      isListenRefused = isRefused;
    },
  };
}

/** @returns the port */
async function listenSomewhere(server: Server): Promise<number> {
  for (;;) {
    const port = randomInt(PORTS.first, PORTS.end);
    try {
      await listen(server, port);
      return port;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error;
    }
  }
}

async function listen(server: Server, port: number): Promise<void> {
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
}

/** Makes of LISTEN something that no PostgreSQL takes, of the same length. */
function misspelling(isListenRefused: () => boolean): Transform {
  return new Transform({
    transform: (chunk: Buffer, _encoding, done) => {
      const text = chunk.toString('latin1');
      done(null, isListenRefused() ? Buffer.from(text.replaceAll('listen ', 'lisdem '), 'latin1') : chunk);
    },
  });
}

/** Passes back what comes from afar; where one end breaks, so does the other. */
function join(near: Socket, far: Socket, sockets: Set<Socket>): void {
  for (const [from, to] of [
    [near, far],
    [far, near],
  ] as const) {
    sockets.add(from);
    from.on('error', () => to.destroy());
    from.on('close', () => {
      sockets.delete(from);
      to.destroy();
    });
  }
  far.pipe(near);
}
