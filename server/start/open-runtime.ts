/** Installations and the sandbox, which know each other: hooks run in the one, guests are described by the other. */
import { randomUUID } from 'node:crypto';
import type { Closers } from './closers.ts';
import type { Storage } from './open-storage.ts';
import type { Logger } from '../log.ts';
import type { Metrics } from '../metrics.ts';
import { createGuestLog, type GuestLog } from '../runtime/guest-log.ts';
import { createObserver } from '../runtime/observer.ts';
import { packagePort } from '../runtime/packages.ts';
import { pluginCallCapability } from '../runtime/plugin-calls.ts';
import { createRuntimePort } from '../runtime/runtime-port.ts';
import type { Settings } from '../settings.ts';
import { openInstallations, type Installations } from '../../registry/installations/index.ts';
import { createSandbox, type Capability, type Sandbox } from '../../sandbox/index.ts';
import { createKeyValueStore, kvCapabilities } from '../../services/index.ts';
import { Fault } from '../../spec/refusal.ts';

export type Runtime = {
  readonly installations: Installations;
  readonly sandbox: Sandbox;
  readonly guestLog: GuestLog;
};

/** `all` lets the reviewed tier share as well; the unreviewed tier never leaves its installation. */
const SHARING = {
  none: { trusted: 'organization', reviewed: 'installation' },
  trusted: {},
  all: { reviewed: 'instance' },
} as const;

export async function openRuntime(
  settings: Settings,
  storage: Storage,
  { log, metrics }: { readonly log: Logger; readonly metrics: Metrics },
  closers: Closers,
): Promise<Runtime> {
  const opened: { sandbox?: Sandbox } = {};
  const sandboxOf = (): Sandbox => {
    if (!opened.sandbox) throw new Fault('the sandbox is not open yet');
    return opened.sandbox;
  };
  const installations = await openInstallations({
    database: storage.database,
    runtime: createRuntimePort(sandboxOf, randomUUID),
    trustedPublishers: new Set(settings.trustedPublishers),
  });
  closers.add('installations', installations, (some) => some.close());
  const guestLog = createGuestLog();
  opened.sandbox = await createSandbox({
    packages: packagePort(storage.blobs),
    capabilities: capabilitiesOf(storage, installations, sandboxOf),
    observer: createObserver(log, metrics, guestLog),
    dataDir: settings.dataDir,
    sharing: SHARING[settings.runnerSharing],
    onWeakRights: settings.weakIsolation === 'allow' ? 'allowUnreviewed' : 'refuseUnreviewed',
  });
  closers.add('sandbox', opened.sandbox, (sandbox) => sandbox.close());
  return { installations, sandbox: opened.sandbox, guestLog };
}

/** Everything that a guest can ask its host for, beside what the runner answers itself. */
function capabilitiesOf(
  { database }: Storage,
  installations: Installations,
  sandbox: () => Sandbox,
): Capability[] {
  return [
    ...kvCapabilities(createKeyValueStore(database)),
    pluginCallCapability({ find: (org, plugin) => installations.describeGuest(org, plugin), sandbox }),
  ];
}
