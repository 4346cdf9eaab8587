/** The server's own life: what is opened in which order, and closed in the opposite one. */
import { join } from 'node:path';
import { ADMIN_TOKEN_FILE, keepAdminToken } from './admin-token.ts';
import { getRequestListener } from '@hono/node-server';
import { createApp } from './app.ts';
import { createGateway } from './gateway/gateway.ts';
import { createListener } from './http/gateway-listener.ts';
import { failedRequests } from './http/failed-requests.ts';
import { createRateLimits } from './http/rate-limits.ts';
import { gatewayPorts } from './runtime/gateway-ports.ts';
import type { Logger } from './log.ts';
import { createMetrics } from './metrics.ts';
import type { Services } from './services.ts';
import type { Settings } from './settings.ts';
import { createArchiveCache } from './runtime/archive-cache.ts';
import { openEventStreams } from './runtime/event-streams.ts';
import { startChores } from './start/chores.ts';
import { Closers } from './start/closers.ts';
import { listen } from './start/listen.ts';
import { openPublishing } from './start/open-publishing.ts';
import { openRuntime } from './start/open-runtime.ts';
import { openStorage, type Storage } from './start/open-storage.ts';
import { explainUnusable } from './start/unusable.ts';
import { EVENTS_CHANNEL } from '../registry/installations/index.ts';
import { LOG_CHANNEL, openOrganizationLimits } from '../services/index.ts';
import { bootstrapInstance, createAuthenticator } from '../identity/index.ts';
import { assertContracts } from '../spec/contracts/catalogue.ts';
import { assertLimits } from '../spec/limits.ts';

export type RunningServer = {
  readonly url: string;
  readonly adminTokenFile: string;
  /** Whether this start made the instance. */
  readonly instance: 'made' | 'found';
  stop(): Promise<void>;
};

/** For requests of HTTP/1.0, which need not say what they call the server; nothing of the API depends on it. */
const UNNAMED_HOST = 'localhost';

/** Starts everything, or closes what was opened and throws. */
export async function startServer(settings: Settings, log: Logger): Promise<RunningServer> {
  const closers = new Closers();
  try {
    assertLimits();
    assertContracts();
    const storage = await openStorage(settings, log, closers);
    const instance = await bootstrapInstance(storage.database, (secret) =>
      keepAdminToken(settings.dataDir, secret),
    );
    const services = await openServices(settings, log, storage, closers);
    const draining = { now: false };
    const app = createApp(services, () => draining.now);
    const gateway = createGateway(gatewayPorts(services));
    const listener = createListener(
      services,
      gateway,
      getRequestListener(app.fetch, { hostname: UNNAMED_HOST }),
    );
    const url = await listen(settings, listener, closers, log);
    services.address.origin = url;
    // Streams never end by themselves: they are closed before the HTTP server waits for its last answer.
    closers.add('event streams', services.eventStreams, (streams) => streams.close());
    services.jobs.start();
    services.events.start();
    services.schedules.start();
    startChores(services, closers);
    log.info({ url }, 'listening');
    const adminTokenFile = join(settings.dataDir, ADMIN_TOKEN_FILE);
    return { url, adminTokenFile, instance, stop: () => stop(draining, closers, log) };
  } catch (error) {
    await closers.closeAll(log);
    throw explainUnusable(error);
  }
}

async function stop(draining: { now: boolean }, closers: Closers, log: Logger): Promise<void> {
  draining.now = true;
  log.info('stopping');
  await closers.closeAll(log);
  log.info('stopped');
}

async function openServices(
  settings: Settings,
  log: Logger,
  storage: Storage,
  closers: Closers,
): Promise<Services> {
  const metrics = createMetrics();
  const { database, blobs } = storage;
  const limits = await openOrganizationLimits(database, settings, (error) =>
    log.warn({ err: error }, 'limits of organizations were not read again'),
  );
  closers.add('limits', limits, (some) => some.close());
  const runtime = await openRuntime(settings, { ...storage, limits }, { log, metrics }, closers);
  const authenticator = await createAuthenticator(database);
  closers.add('authenticator', authenticator, (opened) => opened.close());
  const publishing = openPublishing(settings, storage, closers);
  // With the port 0 the address is known only once the server listens.
  const address = { origin: settings.publicUrl ?? '' };
  const keys = {
    database,
    now: publishing.now,
    get origin() {
      return address.origin;
    },
  };
  const rateLimits = createRateLimits(settings, limits.of);
  const eventStreams = await openEventStreams(database, [EVENTS_CHANNEL, LOG_CHANNEL]);
  const opened = { database, authenticator, blobs, publishing, keys, rateLimits, eventStreams };
  const archives = createArchiveCache();
  const logFailed = failedRequests(log);
  return { settings, address, log, logFailed, metrics, limits, archives, ...opened, ...runtime };
}
