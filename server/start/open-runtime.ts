/** Installations and the sandbox, which know each other: hooks run in the one, guests are described by the other. */
import { randomUUID } from 'node:crypto';
import type { Closers } from './closers.ts';
import { openHostServices, openSealed, type HostServices } from './open-host-services.ts';
import { openSandbox } from './open-sandbox.ts';
import type { Storage } from './open-storage.ts';
import type { Logger } from '../log.ts';
import type { Metrics } from '../metrics.ts';
import { boundedLines } from '../runtime/bounded-lines.ts';
import { createHandlerRuns } from '../runtime/handler-runs.ts';
import { createRuntimePort } from '../runtime/runtime-port.ts';
import type { Settings } from '../settings.ts';
import { openInstallations, type Installations } from '../../registry/installations/index.ts';
import type { Sandbox } from '../../sandbox/index.ts';
import {
  heldSecrets,
  openTelemetry,
  type HandlerRuns,
  type OrganizationLimits,
  type Telemetry,
} from '../../services/index.ts';
import { Fault } from '../../spec/refusal.ts';

export type Runtime = HostServices & {
  readonly installations: Installations;
  readonly sandbox: Sandbox;
  readonly handlers: HandlerRuns;
  readonly telemetry: Telemetry;
};

type Signals = { readonly log: Logger; readonly metrics: Metrics };

export async function openRuntime(
  settings: Settings,
  storage: Storage & { readonly limits: OrganizationLimits },
  signals: Signals,
  closers: Closers,
): Promise<Runtime> {
  const { database } = storage;
  const opened: { sandbox?: Sandbox } = {};
  const sandboxOf = (): Sandbox => {
    if (!opened.sandbox) throw new Fault('the sandbox is not open yet');
    return opened.sandbox;
  };
  const sealed = await openSealed(settings, database);
  const { redact } = sealed.secrets;
  const installations = await openInstallations({
    database,
    runtime: createRuntimePort(sandboxOf, randomUUID, redact),
    trustedPublishers: new Set(settings.trustedPublishers),
    heldSecrets,
  });
  closers.add('installations', installations, (some) => some.close());
  const warn = boundedLines(signals.log, 'warn');
  const telemetry = openTelemetry({
    database,
    residentBytesOf: (installationId) => opened.sandbox?.residentBytesOf(installationId) ?? null,
    onFailure: (error) => warn('telemetry', { err: error }, 'logs and counts of plugins wait'),
  });
  closers.add('telemetry', telemetry, (some) => some.close());
  const handlers = createHandlerRuns({ installations, sandbox: sandboxOf, redact });
  const known = { settings, ...storage, ...signals, installations, telemetry, handlers };
  const host = await openHostServices({ ...known, sealed, sandboxOf }, closers);
  const sandbox = await openSandbox({ ...known, ...host }, closers);
  opened.sandbox = sandbox;
  host.closeWork();
  return { ...host.services, installations, sandbox, handlers, telemetry };
}
