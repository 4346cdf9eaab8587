/** Installations and the sandbox, which know each other: hooks run in the one, guests are described by the other. */
import { randomUUID } from 'node:crypto';
import { matchEndpoint } from '../gateway/gateway.ts';
import type { Closers } from './closers.ts';
import type { Storage } from './open-storage.ts';
import { openWork, type WorkParts } from './open-work.ts';
import type { Logger } from '../log.ts';
import type { Metrics } from '../metrics.ts';
import { createHandlerRuns } from '../runtime/handler-runs.ts';
import { createEgressObserver } from '../runtime/egress-observer.ts';
import { createObserver } from '../runtime/observer.ts';
import { packagePort } from '../runtime/packages.ts';
import { createRuntimePort } from '../runtime/runtime-port.ts';
import type { Settings } from '../settings.ts';
import type { Database } from '../../database/index.ts';
import type { BlobStore } from '../../registry/blobs/index.ts';
import { openInstallations, type Installations } from '../../registry/installations/index.ts';
import { PackageReader } from '../../registry/reader/index.ts';
import {
  createSandbox,
  createSourceMaps,
  pluginCallCapability,
  type Capability,
  type Guest,
  type PackagePort,
  type Sandbox,
  type SourceMaps,
} from '../../sandbox/index.ts';
import {
  contractCapabilities,
  fileCapabilities,
  openFiles,
  createKeyValueStore,
  createResolve,
  heldSecrets,
  importCapabilities,
  kvCapabilities,
  mailCapabilities,
  openEgress,
  openMail,
  openContracts,
  openCommands,
  openImports,
  openMasterKeys,
  openRecords,
  openSecrets,
  openTelemetry,
  secretCapabilities,
  type Commands,
  type Contracts,
  type Events,
  type Files,
  type HandlerRuns,
  type Imports,
  type Jobs,
  type Mail,
  type OrganizationLimits,
  recordCapabilities,
  type Records,
  type Secrets,
  type Telemetry,
} from '../../services/index.ts';
import type { Permission } from '../../spec/permission.ts';
import { Fault } from '../../spec/refusal.ts';

export type Runtime = WorkParts & {
  readonly installations: Installations;
  readonly sandbox: Sandbox;
  readonly handlers: HandlerRuns;
  readonly telemetry: Telemetry;
  readonly commands: Commands;
  readonly contracts: Contracts;
  readonly files: Files;
  readonly secrets: Secrets;
  readonly mail: Mail;
  readonly records: Records;
  readonly imports: Imports;
};

/** `all` lets the reviewed tier share as well; the unreviewed tier never leaves its installation. */
const SHARING = {
  none: { trusted: 'organization', reviewed: 'installation' },
  trusted: {},
  all: { reviewed: 'instance' },
} as const;

type Signals = { readonly log: Logger; readonly metrics: Metrics };

export async function openRuntime(
  settings: Settings,
  storage: Storage & { readonly limits: OrganizationLimits },
  signals: Signals,
  closers: Closers,
): Promise<Runtime> {
  const opened: { sandbox?: Sandbox } = {};
  const sandboxOf = (): Sandbox => {
    if (!opened.sandbox) throw new Fault('the sandbox is not open yet');
    return opened.sandbox;
  };
  const { database, limits } = storage;
  const { secrets, mail } = await openSealed(settings, database);
  const installations = await openInstallations({
    database,
    runtime: createRuntimePort(sandboxOf, randomUUID, secrets.redact),
    trustedPublishers: new Set(settings.trustedPublishers),
    heldSecrets,
  });
  closers.add('installations', installations, (some) => some.close());
  const telemetry = openTelemetry({
    database: storage.database,
    residentBytesOf: (installationId) => opened.sandbox?.residentBytesOf(installationId) ?? null,
    onFailure: (error) => signals.log.warn({ err: error }, 'logs and counts of plugins wait'),
  });
  closers.add('telemetry', telemetry, (some) => some.close());
  const handlers = createHandlerRuns({ installations, sandbox: sandboxOf, redact: secrets.redact });
  const work = await openWork({ database, handlers, log: signals.log, settings }, closers);
  const offers = openOffers({ database, handlers, jobs: work.parts.jobs });
  const kept = { secrets, mail, ...openRecordKeeping({ database, ...work.parts, ...offers.parts }) };
  const sourceMaps = createSourceMaps();
  opened.sandbox = await createSandbox({
    packages: openPackages(storage.blobs, sourceMaps, closers),
    capabilities: [
      ...dataCapabilities(database, { ...kept, limits }),
      callCapability(installations, sandboxOf),
      egressCapability(settings, secrets, { ...signals, telemetry }, closers),
      ...work.capabilities,
      ...offers.capabilities,
    ],
    grantsOf: grantsNow(installations),
    observer: createObserver(signals, telemetry, {
      redact: secrets.redact,
      sourceMaps,
      logged: work.parts.jobs.logged,
      onStrike: strikeNotes(installations, signals.log),
    }),
    dataDir: settings.dataDir,
    runsPerOrganizationMaxOf: (orgId) => limits.of(orgId).runsMax,
    sharing: SHARING[settings.runnerSharing],
    onWeakRights: settings.weakIsolation === 'allow' ? 'allowUnreviewed' : 'refuseUnreviewed',
  });
  closers.add('sandbox', opened.sandbox, (sandbox) => sandbox.close());
  work.closeWith(closers, settings);
  const { sandbox } = opened;
  return { ...work.parts, installations, sandbox, handlers, ...offers.parts, ...kept, telemetry };
}

/** With workers of its own, so that first calls do not wait behind what is being published. */
function openPackages(blobs: BlobStore, sourceMaps: SourceMaps, closers: Closers): PackagePort {
  const reader = closers.add('reader of stored packages', new PackageReader(), (some) => some.close());
  reader.warmUp();
  return packagePort({ blobs, reader, sourceMaps });
}

/** What an installation is granted at this moment: nothing while it is not active. */
function grantsNow(installations: Installations): (guest: Guest) => Promise<readonly Permission[]> {
  return async ({ org, plugin, installationId }) => {
    const now = await installations.describeGuestOf(org.id, plugin.id);
    return now?.active === 'yes' && now.guest.installationId === installationId ? now.guest.grants : [];
  };
}

function callCapability(installations: Installations, sandboxOf: () => Sandbox): Capability {
  return pluginCallCapability({
    find: (org, plugin) => installations.describeGuest(org, plugin),
    requireEndpoint: matchEndpoint,
    run: (invocation) => sandboxOf().call(invocation),
  });
}

/** What plugins offer to be called by name, and the files that go with a call. */
function openOffers(ports: {
  readonly database: Database;
  readonly handlers: HandlerRuns;
  readonly jobs: Jobs;
}): {
  readonly parts: Pick<Runtime, 'commands' | 'contracts' | 'files'>;
  readonly capabilities: readonly Capability[];
} {
  const contracts = openContracts(ports.database, ports.handlers);
  const files = openFiles(ports.database);
  return {
    parts: { commands: openCommands(ports), contracts, files },
    capabilities: [...contractCapabilities((call) => contracts.call(call)), ...fileCapabilities(files)],
  };
}

function openRecordKeeping(ports: {
  readonly database: Database;
  readonly jobs: Jobs;
  readonly contracts: Contracts;
  readonly events: Events;
}): Pick<Runtime, 'records' | 'imports'> {
  const { tell } = ports.events;
  const records = openRecords(ports.database, tell);
  return { records, imports: openImports({ ...ports, records, tell }) };
}

/** What plugins keep and send. */
function dataCapabilities(
  database: Database,
  {
    secrets,
    mail,
    records,
    imports,
    limits,
  }: Pick<Runtime, 'secrets' | 'mail' | 'records' | 'imports'> & { readonly limits: OrganizationLimits },
): Capability[] {
  return [
    ...kvCapabilities(createKeyValueStore(database, limits.of)),
    ...secretCapabilities(secrets),
    ...mailCapabilities(mail),
    ...recordCapabilities(records),
    ...importCapabilities(imports),
  ];
}

/** What is sealed under the master key. */
async function openSealed(
  { masterKey, egressAllow }: Settings,
  database: Database,
): Promise<Pick<Runtime, 'secrets' | 'mail'>> {
  const ring = await openMasterKeys(database, masterKey);
  const mail = openMail({ database, ring, allow: egressAllow, resolve: createResolve('configured') });
  return { secrets: openSecrets(database, ring), mail };
}

/** `http.fetch`; a secret that a header refers to is read for the run's own installation. */
function egressCapability(
  { egressAllow }: Settings,
  secrets: Secrets,
  { log, metrics, telemetry }: Signals & { readonly telemetry: Telemetry },
  closers: Closers,
): Capability {
  const egress = openEgress({
    allow: egressAllow,
    observe: createEgressObserver(log, metrics, telemetry),
    readSecret: ({ guest: { org, installationId } }, name) =>
      secrets.read({ orgId: org.id, installationId }, name),
  });
  closers.add('egress', egress, (opened) => opened.close());
  return egress.capability;
}

/** Keeps each strike in the history of its installation, off the path of the runs. */
function strikeNotes(installations: Installations, log: Logger): (guest: Guest, why: string) => void {
  return ({ org, plugin }, why) => {
    void installations.noteStrike(org.id, plugin.id, why).catch((error: unknown) => {
      log.warn({ err: error, org: org.slug, plugin: plugin.id }, 'a strike was not noted');
    });
  };
}
