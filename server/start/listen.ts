import { createServer, type RequestListener, type Server } from 'node:http';
import { refuseMalformed } from '../http/malformed.ts';
import { boundedLines } from '../runtime/bounded-lines.ts';
import type { Closers } from './closers.ts';
import { descriptorsMax } from './descriptors.ts';
import type { Logger } from '../log.ts';
import type { Settings } from '../settings.ts';
import { HTTP_LIMITS } from '../../spec/limits.ts';
import { Refusal } from '../../spec/refusal.ts';

/** @returns the origin under which the server is reached, once it listens */
export function listen(
  settings: Settings,
  listener: RequestListener,
  closers: Closers,
  log: Logger,
): Promise<string> {
  return new Promise((resolve, reject) => {
    const server = createServer(
      // Whether the Host header will do is for the listener to say, which tells what is wrong with it.
      { keepAliveTimeout: HTTP_LIMITS.connectionIdleMsMax, requireHostHeader: false },
      listener,
    );
    server.on('clientError', refuseMalformed);
    limitConnections(server, log);
    server.listen(settings.port, settings.host, () => {
      const address = server.address();
      const port = typeof address === 'object' ? (address?.port ?? settings.port) : settings.port;
      closers.add('HTTP server', server, (opened) => closeServer(opened, settings.shutdownGraceMs));
      // An IPv6 address stands in brackets (RFC 3986, section 3.2.2).
      const host = settings.host.includes(':') ? `[${settings.host}]` : settings.host;
      resolve(settings.publicUrl ?? `http://${host}:${port}`);
    });
    server.once('error', (error: NodeJS.ErrnoException) => reject(explain(error, settings)));
  });
}

/** Beyond the limit a connection is closed as soon as it was made. */
function limitConnections(server: Server, log: Logger): void {
  const descriptors = descriptorsMax();
  if (descriptors === undefined) return;
  server.maxConnections = Math.ceil(descriptors * HTTP_LIMITS.connectionsOfDescriptorsMax);
  const warn = boundedLines(log, 'warn');
  const fields = { connections: server.maxConnections, descriptors };
  server.on('drop', () => warn('connections', fields, 'a connection was not taken: there are too many'));
}

function explain(error: NodeJS.ErrnoException, { host, port }: Settings): Refusal {
  const reason = REASONS.get(error.code) ?? 'it failed';
  return new Refusal('listen_failed', { detail: `On ${host}, port ${port}: ${reason}.`, cause: error });
}

const REASONS: ReadonlyMap<string | undefined, string> = new Map([
  ['EADDRINUSE', 'another process listens there'],
  ['EACCES', 'this account may not, and ports below 1024 are often for root alone'],
  ['EADDRNOTAVAIL', 'this machine has no such address'],
  ['ENOTFOUND', 'the name of the host is not known'],
]);

/** Calls in flight end; after the grace what is left is cut off. */
async function closeServer(server: Server, graceMs: number): Promise<void> {
  const closed = new Promise<void>((resolve) => void server.close(() => resolve()));
  const cut = setTimeout(() => server.closeAllConnections(), graceMs);
  // Those that are busy now close as soon as they are not.
  server.keepAliveTimeout = 1;
  server.keepAliveTimeoutBuffer = 0;
  server.closeIdleConnections();
  await closed;
  clearTimeout(cut);
}
