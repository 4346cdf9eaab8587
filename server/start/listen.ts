import { serve, type ServerType } from '@hono/node-server';
import type { Closers } from './closers.ts';
import type { Settings } from '../settings.ts';

type Fetch = (request: Request) => Response | Promise<Response>;

/** @returns the origin under which the server is reached, once it listens */
export function listen(settings: Settings, fetch: Fetch, closers: Closers): Promise<string> {
  return new Promise((resolve, reject) => {
    const server = serve({ fetch, hostname: settings.host, port: settings.port }, ({ port }) => {
      closers.add('HTTP server', server, (opened) => closeServer(opened, settings.shutdownGraceMs));
      // An IPv6 address stands in brackets (RFC 3986, section 3.2.2).
      const host = settings.host.includes(':') ? `[${settings.host}]` : settings.host;
      resolve(settings.publicUrl ?? `http://${host}:${port}`);
    });
    server.once('error', reject);
  });
}

/** Calls in flight end; after the grace what is left is cut off. */
async function closeServer(server: ServerType, graceMs: number): Promise<void> {
  const closed = new Promise<void>((resolve) => void server.close(() => resolve()));
  const cut = setTimeout(() => 'closeAllConnections' in server && server.closeAllConnections(), graceMs);
  if ('closeIdleConnections' in server) server.closeIdleConnections();
  await closed;
  clearTimeout(cut);
}
