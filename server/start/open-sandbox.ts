/** The sandbox, with what it asks the rest of the server for: packages, grants, host calls, and somebody who watches. */
import type { Closers } from './closers.ts';
import type { HostServices } from './open-host-services.ts';
import type { Logger } from '../log.ts';
import type { Metrics } from '../metrics.ts';
import { createObserver } from '../runtime/observer.ts';
import { packagePort } from '../runtime/packages.ts';
import type { Settings } from '../settings.ts';
import type { BlobStore } from '../../registry/blobs/index.ts';
import type { Installations } from '../../registry/installations/index.ts';
import { PackageReader } from '../../registry/reader/index.ts';
import {
  createSandbox,
  createSourceMaps,
  type Capability,
  type GrantsOf,
  type Guest,
  type PackagePort,
  type Sandbox,
  type SourceMaps,
} from '../../sandbox/index.ts';
import type { OrganizationLimits, Telemetry } from '../../services/index.ts';

type Ports = {
  readonly settings: Settings;
  readonly blobs: BlobStore;
  readonly limits: OrganizationLimits;
  readonly log: Logger;
  readonly metrics: Metrics;
  readonly installations: Installations;
  readonly telemetry: Telemetry;
  readonly services: Pick<HostServices, 'secrets' | 'jobs'>;
  readonly capabilities: readonly Capability[];
};

/** `all` lets the reviewed tier share as well; the unreviewed tier never leaves its installation. */
const SHARING = {
  none: { trusted: 'organization', reviewed: 'installation' },
  trusted: {},
  all: { reviewed: 'instance' },
} as const;

export async function openSandbox(ports: Ports, closers: Closers): Promise<Sandbox> {
  const { settings, limits, installations, telemetry, services, capabilities } = ports;
  const sourceMaps = createSourceMaps();
  const sandbox = await createSandbox({
    packages: openPackages(ports.blobs, sourceMaps, closers),
    capabilities,
    grantsOf: grantsNow(installations),
    observer: createObserver(ports, telemetry, {
      redact: services.secrets.redact,
      sourceMaps,
      logged: services.jobs.logged,
      onStrike: strikeNotes(installations, ports.log),
    }),
    dataDir: settings.dataDir,
    runsPerOrganizationMaxOf: (orgId) => limits.of(orgId).runsMax,
    sharing: SHARING[settings.runnerSharing],
    onWeakRights: settings.weakIsolation === 'allow' ? 'allowUnreviewed' : 'refuseUnreviewed',
  });
  return closers.add('sandbox', sandbox, (opened) => opened.close());
}

/** With workers of its own, so that first calls do not wait behind what is being published. */
function openPackages(blobs: BlobStore, sourceMaps: SourceMaps, closers: Closers): PackagePort {
  const reader = closers.add('reader of stored packages', new PackageReader(), (some) => some.close());
  reader.warmUp();
  return packagePort({ blobs, reader, sourceMaps });
}

/** What an installation is granted at this moment. */
function grantsNow(installations: Installations): GrantsOf {
  return async ({ org, plugin, installationId }) => {
    const now = await installations.describeGuestOf(org.id, plugin.id);
    return now?.active === 'yes' && now.guest.installationId === installationId
      ? now.guest.grants
      : 'notActive';
  };
}

/** Keeps each strike in the history of its installation, off the path of the runs. */
function strikeNotes(installations: Installations, log: Logger): (guest: Guest, why: string) => void {
  return ({ org, plugin }, why) => {
    void installations.noteStrike(org.id, plugin.id, why).catch((error: unknown) => {
      log.warn({ err: error, org: org.slug, plugin: plugin.id }, 'a strike was not noted');
    });
  };
}
