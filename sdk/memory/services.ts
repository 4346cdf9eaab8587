/** All host services of one organization in memory, with the checks, denials and limits of a server. */
import { createCauses } from '../../spec/host/causes.ts';
import type { Capability } from '../../spec/host/capability.ts';
import { eventCapabilities } from '../../spec/host/events.ts';
import { fileCapabilities } from '../../spec/host/files.ts';
import { importCapabilities, type ImportsContext } from '../../spec/host/imports.ts';
import { jobCapabilities } from '../../spec/host/jobs.ts';
import { kvCapabilities } from '../../spec/host/kv.ts';
import { mailCapabilities, type MailContext } from '../../spec/host/mail.ts';
import { recordCapabilities } from '../../spec/host/records.ts';
import { secretCapabilities, type SecretReader } from '../../spec/host/secrets.ts';
import { assembleModules, type OrgModules } from '../../spec/modules/org-modules.ts';
import type { Caller } from '../../spec/run.ts';
import { createMemoryEvents, type EventPorts, type MemoryEvents } from './events.ts';
import { createMemoryFiles, type MemoryFiles } from './files.ts';
import { createMemoryJobs, type JobPorts, type MemoryJobs } from './jobs.ts';
import { createMemoryKeyValueStore, type MemoryKeyValueStore } from './kv.ts';
import { createMemoryMail, type MailPorts, type MemoryMail } from './mail.ts';
import type { MemoryPlugin } from './plugin.ts';
import { createMemoryRecords, type MemoryRecords, type RecordPorts } from './records.ts';

/** A run, as its services see it. */
export type ServiceContext = ImportsContext &
  MailContext & { readonly caller: Caller; readonly requestId: string };

export type ServicePorts = Pick<JobPorts, 'changed'> &
  Pick<EventPorts, 'told'> &
  Pick<MailPorts, 'serverOf' | 'sent'> &
  Pick<RecordPorts, 'decided'> & {
    /** Who is installed and active, in the order of installation. */
    readonly plugins: () => readonly MemoryPlugin[];
    readonly readSecret: SecretReader['read'];
    /** Milliseconds since 1970. */
    readonly nowMs: () => number;
  };

export type MemoryServices = {
  readonly values: MemoryKeyValueStore;
  readonly mail: MemoryMail;
  readonly files: MemoryFiles;
  readonly jobs: MemoryJobs;
  readonly events: MemoryEvents;
  readonly records: MemoryRecords;
  readonly capabilities: readonly Capability<ServiceContext>[];
};

export function openMemoryServices(ports: ServicePorts): MemoryServices {
  const causes = createCauses();
  const values = createMemoryKeyValueStore(ports.nowMs);
  const mail = createMemoryMail(ports);
  const files = createMemoryFiles();
  const jobs = createMemoryJobs({ ...ports, causes });
  const events = createMemoryEvents({ ...ports, causes });
  const records = createMemoryRecords({
    ...ports,
    modules: () => modulesOf(ports.plugins()),
    tell: (facts) => events.tell(facts),
  });
  const capabilities = [
    ...kvCapabilities(values),
    ...secretCapabilities({ read: ports.readSecret }),
    ...mailCapabilities(mail),
    ...fileCapabilities(files),
    ...jobCapabilities(jobs),
    ...eventCapabilities(events),
    ...recordCapabilities(records),
    ...importCapabilities(records),
  ];
  return { values, mail, files, jobs, events, records, capabilities };
}

function modulesOf(plugins: readonly MemoryPlugin[]): OrgModules {
  return assembleModules(
    plugins.map(({ manifest, digest, grants, config }) => ({
      plugin: manifest.id,
      version: manifest.version,
      digest,
      active: 'yes',
      grants,
      modules: manifest.contributes?.modules ?? [],
      config,
    })),
  );
}
