/** What plugins have at run time: the services behind `host`, and the capabilities by which guests reach them. */
import { matchEndpoint } from '../gateway/gateway.ts';
import type { Closers } from './closers.ts';
import { openWork, type WorkParts } from './open-work.ts';
import type { Logger } from '../log.ts';
import type { Metrics } from '../metrics.ts';
import { createEgressObserver } from '../runtime/egress-observer.ts';
import { refusedAnswers } from '../runtime/refused-answers.ts';
import type { Settings } from '../settings.ts';
import type { Database } from '../../database/index.ts';
import type { Installations } from '../../registry/installations/index.ts';
import { pluginCallCapability, type Capability, type Sandbox } from '../../sandbox/index.ts';
import {
  contractCapabilities,
  createKeyValueStore,
  createResolve,
  fileCapabilities,
  importCapabilities,
  kvCapabilities,
  mailCapabilities,
  openCommands,
  openContracts,
  openDataExport,
  openEgress,
  openFiles,
  openImports,
  openMail,
  openMasterKeys,
  openRecords,
  openSecrets,
  recordCapabilities,
  secretCapabilities,
  type Commands,
  type Contracts,
  type DataExport,
  type Files,
  type HandlerRuns,
  type Imports,
  type Mail,
  type OrganizationLimits,
  type Records,
  type Secrets,
  type Telemetry,
} from '../../services/index.ts';

/** What is sealed under the master key. */
export type Sealed = { readonly secrets: Secrets; readonly mail: Mail };

export type HostServices = Sealed &
  WorkParts & {
    readonly commands: Commands;
    readonly contracts: Contracts;
    readonly dataExport: DataExport;
    readonly files: Files;
    readonly records: Records;
    readonly imports: Imports;
  };

type Ports = {
  readonly settings: Settings;
  readonly database: Database;
  readonly limits: OrganizationLimits;
  readonly log: Logger;
  readonly metrics: Metrics;
  readonly sealed: Sealed;
  readonly installations: Installations;
  readonly telemetry: Telemetry;
  readonly handlers: HandlerRuns;
  /** Asked for when a run needs it: the sandbox is opened with the capabilities of these services. */
  readonly sandboxOf: () => Sandbox;
};

export async function openSealed({ masterKey, egressAllow }: Settings, database: Database): Promise<Sealed> {
  const ring = await openMasterKeys(database, masterKey);
  const mail = openMail({ database, ring, allow: egressAllow, resolve: createResolve('configured') });
  return { secrets: openSecrets(database, ring), mail };
}

export async function openHostServices(
  ports: Ports,
  closers: Closers,
): Promise<{
  readonly services: HostServices;
  readonly capabilities: readonly Capability[];
  /** To be called once the sandbox is open: what runs in it ends before it does. */
  closeWork(): void;
}> {
  const { database, handlers, sealed, settings } = ports;
  const work = await openWork(ports, closers);
  const { jobs, events } = work.parts;
  const { tell } = events;
  const contracts = openContracts(database, handlers);
  const files = openFiles(database);
  const commands = openCommands({ database, handlers, jobs });
  const records = openRecords(database, tell);
  const imports = openImports({ database, jobs, contracts, records, tell });
  const dataExport = openDataExport(database);
  const services = { ...sealed, ...work.parts, contracts, dataExport, files, commands, records, imports };
  const capabilities = [
    ...dataCapabilities(ports, services),
    ...work.capabilities,
    callCapability(ports),
    egressCapability(ports, closers),
  ];
  return { services, capabilities, closeWork: () => work.closeWith(closers, settings) };
}

/** What plugins keep, read and send, and whom they ask by contract. */
function dataCapabilities(
  { database, limits }: Ports,
  { secrets, mail, contracts, files, records, imports }: HostServices,
): Capability[] {
  return [
    ...kvCapabilities(createKeyValueStore(database, limits.of)),
    ...secretCapabilities(secrets),
    ...mailCapabilities(mail),
    ...fileCapabilities(files),
    ...recordCapabilities(records),
    ...importCapabilities(imports),
    ...contractCapabilities((call) => contracts.call(call)),
  ];
}

/** `host.plugins.call`. */
function callCapability({ installations, sandboxOf, log, telemetry }: Ports): Capability {
  return pluginCallCapability({
    find: async (org, plugin) => installations.describeGuest(org, plugin),
    requireEndpoint: matchEndpoint,
    run: (invocation) => sandboxOf().call(invocation),
    answerRefused: refusedAnswers(log, telemetry),
  });
}

/** `http.fetch`; a secret that a header refers to is read for the run's own installation. */
function egressCapability(
  { settings, sealed, log, metrics, telemetry }: Ports,
  closers: Closers,
): Capability {
  const egress = openEgress({
    allow: settings.egressAllow,
    observe: createEgressObserver(log, metrics, telemetry),
    readSecret: ({ guest: { org, installationId } }, name) =>
      sealed.secrets.read({ orgId: org.id, installationId }, name),
  });
  closers.add('egress', egress, (opened) => opened.close());
  return egress.capability;
}
