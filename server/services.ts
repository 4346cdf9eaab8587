/** Everything that the routes work with, wired once at start. The one place where the houses meet. */
import type { Logger } from './log.ts';
import type { Metrics } from './metrics.ts';
import type { Settings } from './settings.ts';
import type { Database } from '../database/index.ts';
import type { Authenticator } from '../identity/index.ts';
import type { BlobStore } from '../registry/blobs/index.ts';
import type { Installations } from '../registry/installations/index.ts';
import type { KeyPorts } from '../registry/keys/index.ts';
import type { PublishingPorts } from '../registry/publishing/index.ts';
import type { Sandbox } from '../sandbox/index.ts';
import type {
  Commands,
  Contracts,
  DataExport,
  Events,
  Files,
  HandlerRuns,
  Imports,
  Jobs,
  Mail,
  Records,
  Schedules,
  Secrets,
  Telemetry,
  OrganizationLimits,
} from '../services/index.ts';
import type { LogFailed } from './http/failed-requests.ts';
import type { RateLimits } from './http/rate-limits.ts';
import type { ArchiveCache } from './runtime/archive-cache.ts';
import type { EventStreams } from './runtime/event-streams.ts';

export type Services = {
  readonly settings: Settings;
  /** Where people and plugins see this registry: scheme, host and port. Known once the server listens. */
  readonly address: { origin: string };
  readonly log: Logger;
  readonly logFailed: LogFailed;
  readonly metrics: Metrics;
  readonly database: Database;
  readonly authenticator: Authenticator;
  readonly blobs: BlobStore;
  /** What anybody may download, while it is asked for. */
  readonly archives: ArchiveCache;
  readonly publishing: PublishingPorts;
  readonly keys: KeyPorts;
  readonly installations: Installations;
  readonly sandbox: Sandbox;
  /** Runs named handlers of plugins. */
  readonly handlers: HandlerRuns;
  readonly telemetry: Telemetry;
  readonly limits: OrganizationLimits;
  readonly commands: Commands;
  readonly contracts: Contracts;
  readonly dataExport: DataExport;
  readonly files: Files;
  readonly secrets: Secrets;
  readonly mail: Mail;
  readonly jobs: Jobs;
  readonly records: Records;
  readonly events: Events;
  readonly imports: Imports;
  readonly schedules: Schedules;
  readonly eventStreams: EventStreams;
  readonly rateLimits: RateLimits;
};
