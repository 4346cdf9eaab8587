/** The server's own life: what is opened in which order, and closed in the opposite one. */
import { randomUUID } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { serve, type ServerType } from '@hono/node-server';
import { createApp } from './app.ts';
import { keepAdminToken } from './admin-token.ts';
import { createLogger, type Logger } from './log.ts';
import { createMetrics } from './metrics.ts';
import { createGuestLog } from './runtime/guest-log.ts';
import { createObserver } from './runtime/observer.ts';
import { packagePort } from './runtime/packages.ts';
import { pluginCallCapability } from './runtime/plugin-calls.ts';
import { createRuntimePort } from './runtime/runtime-port.ts';
import type { Services } from './services.ts';
import type { Settings } from './settings.ts';
import {
  AUDIT_ENTITIES,
  openDatabase,
  startEmbeddedPostgres,
  startSealer,
  type ConnectionTarget,
  type Database,
} from '../database/index.ts';
import { bootstrapInstance, createAuthenticator, IDENTITY_ENTITIES } from '../identity/index.ts';
import { MIGRATIONS } from '../migrations/index.ts';
import { openFileBlobStore, sweepBlobs, type BlobStore } from '../registry/blobs/index.ts';
import { REGISTRY_ENTITIES } from '../registry/entities/index.ts';
import { INSTALLATION_ENTITIES, openInstallations } from '../registry/installations/index.ts';
import { PackageReader } from '../registry/package/index.ts';
import type { PublishingPorts } from '../registry/publishing/index.ts';
import { ResolverThread } from '../registry/resolver/index.ts';
import { createSandbox, type Sandbox } from '../sandbox/index.ts';
import { createKeyValueStore, KV_ENTITIES, kvCapabilities } from '../services/index.ts';
import { assertLimits } from '../spec/limits.ts';
import { Fault } from '../spec/refusal.ts';

export type RunningServer = {
  readonly url: string;
  readonly adminTokenFile: string;
  /** Whether this start made the instance. */
  readonly instance: 'made' | 'found';
  stop(): Promise<void>;
};

const ENTITIES = [
  ...AUDIT_ENTITIES,
  ...IDENTITY_ENTITIES,
  ...REGISTRY_ENTITIES,
  ...INSTALLATION_ENTITIES,
  ...KV_ENTITIES,
];
/** Uploads in progress are younger than this. */
const ORPHAN_GRACE_MS = 60 * 60_000;
const SWEEP_INTERVAL_MS = 60 * 60_000;
const RESOLVE_BUDGET = { stepsMax: 5_000_000, wallTimeMsMax: 5_000 };

/** Closers run in the opposite order of their opening, each though another failed. */
class Closers {
  readonly #closers: { name: string; close: () => unknown }[] = [];

  add<T>(name: string, value: T, close: (value: T) => unknown): T {
    this.#closers.push({ name, close: () => close(value) });
    return value;
  }

  async closeAll(log: Logger): Promise<void> {
    for (const { name, close } of this.#closers.reverse()) {
      try {
        await close();
      } catch (error) {
        log.error({ err: error, part: name }, 'a part did not close');
      }
    }
    this.#closers.length = 0;
  }
}

/** Starts everything, or closes what was opened and throws. */
export async function startServer(
  settings: Settings,
  log: Logger = createLogger(settings.logLevel),
): Promise<RunningServer> {
  const closers = new Closers();
  try {
    assertLimits();
    const database = await openDatabaseOf(settings, closers, log);
    const instance = await bootstrapInstance(database, (secret) => keepAdminToken(settings.dataDir, secret));
    const services = await openServices(settings, log, database, closers);
    const draining = { now: false };
    const app = createApp(services, () => draining.now);
    const url = await listen(settings, app.fetch, closers, services);
    startChores(services, closers);
    return {
      url,
      adminTokenFile: join(settings.dataDir, 'admin-token'),
      instance,
      stop: () => stop(draining, closers, log),
    };
  } catch (error) {
    await closers.closeAll(log);
    throw error;
  }
}

async function stop(draining: { now: boolean }, closers: Closers, log: Logger): Promise<void> {
  draining.now = true;
  log.info('stopping');
  await closers.closeAll(log);
  log.info('stopped');
}

async function openDatabaseOf(settings: Settings, closers: Closers, log: Logger): Promise<Database> {
  await mkdir(settings.dataDir, { recursive: true, mode: 0o700 });
  const target = await databaseTarget(settings, closers, log);
  const database = closers.add('database', await openDatabase({ target, entities: ENTITIES }), (opened) =>
    opened.close(),
  );
  const ran = await database.migrate(MIGRATIONS);
  if (ran.length > 0) log.info({ migrations: ran }, 'schema brought up to date');
  closers.add('audit sealer', startSealer(database), (sealer) => sealer.close());
  return database;
}

async function databaseTarget(settings: Settings, closers: Closers, log: Logger): Promise<ConnectionTarget> {
  if (settings.databaseUrl !== null) return { kind: 'url', url: settings.databaseUrl };
  const embedded = closers.add(
    'built-in PostgreSQL',
    await startEmbeddedPostgres({ dataFolder: settings.dataDir }),
    (postgres) => postgres.stop(),
  );
  log.info(
    { origin: embedded.origin, pid: embedded.pid() },
    'built-in PostgreSQL: for evaluation and single machines',
  );
  return embedded.target;
}

async function openServices(
  settings: Settings,
  log: Logger,
  database: Database,
  closers: Closers,
): Promise<Services> {
  const metrics = createMetrics();
  const guestLog = createGuestLog();
  const blobs = await openFileBlobStore(settings.blobDir);
  const runtime: { sandbox?: Sandbox } = {};
  const sandboxOf = (): Sandbox => {
    if (!runtime.sandbox) throw new Fault('the sandbox is not open yet');
    return runtime.sandbox;
  };
  const trustedPublishers = new Set(settings.trustedPublishers);
  const installations = closers.add(
    'installations',
    await openInstallations({
      database,
      runtime: createRuntimePort(sandboxOf, randomUUID),
      trustedPublishers,
    }),
    (opened) => opened.close(),
  );
  const find: Services['installations']['describeGuest'] = (org, plugin) =>
    installations.describeGuest(org, plugin);
  const sandbox = await createSandbox({
    packages: packagePort(blobs),
    capabilities: [
      ...kvCapabilities(createKeyValueStore(database)),
      pluginCallCapability({ find, sandbox: sandboxOf }),
    ],
    observer: createObserver(log, metrics, guestLog),
    dataDir: settings.dataDir,
    sharing: SHARING[settings.runnerSharing],
    onWeakRights: settings.weakIsolation === 'allow' ? 'allowUnreviewed' : 'refuseUnreviewed',
  });
  runtime.sandbox = closers.add('sandbox', sandbox, (opened) => opened.close());
  const authenticator = closers.add('authenticator', await createAuthenticator(database), (opened) =>
    opened.close(),
  );
  const publishing = openPublishing(settings, database, blobs, closers);
  // With the port 0 the address is known only once the server listens.
  const address = { origin: settings.publicUrl ?? '' };
  const keys = {
    database,
    now: () => new Date(),
    get origin() {
      return address.origin;
    },
  };
  return {
    settings,
    address,
    log,
    metrics,
    database,
    authenticator,
    blobs,
    publishing,
    keys,
    installations,
    sandbox,
    guestLog,
  };
}

/** `all` lets the reviewed tier share as well; the unreviewed tier never leaves its installation. */
const SHARING = {
  none: { trusted: 'organization', reviewed: 'installation' },
  trusted: {},
  all: { reviewed: 'instance' },
} as const;

function openPublishing(
  settings: Settings,
  database: Database,
  blobs: BlobStore,
  closers: Closers,
): PublishingPorts {
  const reader = closers.add('package reader', new PackageReader(), (opened) => opened.close());
  const thread = closers.add('resolver', new ResolverThread(), (opened) => opened.close());
  const decision = settings.review === 'none' ? 'allow' : 'hold';
  return {
    database,
    blobs,
    reader,
    resolver: { resolve: (problem) => thread.resolve(problem, RESOLVE_BUDGET) },
    settings: {
      firstPackage: decision,
      morePermissions: decision,
      trustedPublishers: new Set(settings.trustedPublishers),
    },
    now: () => new Date(),
  };
}

/** Work that nobody asks for: what a crash left half-done, and blobs that no version names. */
function startChores(services: Services, closers: Closers): void {
  const { log, installations, database, blobs } = services;
  const inBackground = (name: string, work: () => Promise<unknown>): void => {
    void work().then(
      (result) => log.debug({ chore: name, result }, 'chore done'),
      (error: unknown) => log.warn({ err: error, chore: name }, 'chore failed'),
    );
  };
  const sweep = (): Promise<unknown> =>
    sweepBlobs({ database, blobs, graceMs: ORPHAN_GRACE_MS, now: new Date() });
  inBackground('reconcile', () => installations.reconcile());
  inBackground('sweep', sweep);
  const timer = setInterval(() => inBackground('sweep', sweep), SWEEP_INTERVAL_MS).unref();
  closers.add('chores', timer, clearInterval);
}

type Fetch = (request: Request) => Response | Promise<Response>;

function listen(settings: Settings, fetch: Fetch, closers: Closers, services: Services): Promise<string> {
  return new Promise((resolve, reject) => {
    const server = serve({ fetch, hostname: settings.host, port: settings.port }, ({ port }) => {
      closers.add('HTTP server', server, (opened) => closeServer(opened, settings.shutdownGraceMs));
      const host = settings.host.includes(':') ? `[${settings.host}]` : settings.host;
      const url = settings.publicUrl ?? `http://${host}:${port}`;
      services.address.origin = url;
      services.log.info({ url, port }, 'listening');
      resolve(url);
    });
    server.once('error', reject);
  });
}

/** Calls in flight end; after the grace what is left is cut off. */
async function closeServer(server: ServerType, graceMs: number): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  const cut = setTimeout(() => 'closeAllConnections' in server && server.closeAllConnections(), graceMs);
  if ('closeIdleConnections' in server) server.closeIdleConnections();
  await closed;
  clearTimeout(cut);
}
