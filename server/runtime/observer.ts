/** What the sandbox tells: into metrics, the server's log, and the log of the plugin. */
import {
  limitedAs,
  type Completion,
  type Guest,
  type Invocation,
  type SandboxObserver,
  type SourceMaps,
} from '../../sandbox/index.ts';
import type { Logger } from '../log.ts';
import type { Metrics } from '../metrics.ts';
import type { LogOwner, Telemetry } from '../../services/index.ts';
import { deniedSentence } from '../../spec/host/call-refusal.ts';
import { boundedLines } from './bounded-lines.ts';

/** Takes the secrets that an installation has read out of a text: a plugin may log what it holds. */
export type Redact = (installationId: string, text: string) => string;

export function ownerOf({ installationId, org }: Guest): LogOwner {
  return { orgId: org.id, installationId };
}

const fieldsOf = ({ org, plugin }: Guest): Record<string, string> => ({
  org: org.slug,
  plugin: plugin.id,
  version: plugin.version,
});

type ObserverPorts = {
  readonly redact: Redact;
  readonly sourceMaps: SourceMaps;
  /** A job keeps what is logged under its id. */
  readonly logged: (requestId: string | null, line: GuestLine) => void;
  /** A guest made its runner end. */
  readonly onStrike: (guest: Guest, why: string) => void;
};

type GuestLine = { readonly level: 'debug' | 'info' | 'warn' | 'error'; readonly text: string };

export function createObserver(
  { log, metrics }: { readonly log: Logger; readonly metrics: Metrics },
  telemetry: Telemetry,
  { redact, sourceMaps, logged, onStrike }: ObserverPorts,
): SandboxObserver {
  const warnOfRun = boundedLines(log, 'warn');
  const warnOfCall = boundedLines(log, 'warn');
  const tellOfFault = boundedLines(log, 'error');
  /** For people: positions as the author knows them, and no secrets. */
  const edit = (guest: Guest, text: string): string =>
    redact(guest.installationId, sourceMaps.resolve(guest.digest, text));
  return {
    runEnded: (invocation, completion) => {
      countRun({ metrics, telemetry }, invocation, completion);
      if (completion.outcome === 'ok') return;
      const { guest, requestId, trigger } = invocation;
      const { outcome, guestError } = completion;
      const reason = edit(guest, completion.reason);
      const fields = { ...fieldsOf(guest), requestId, trigger: trigger.kind, outcome, reason };
      warnOfRun(guest.installationId, fields, 'run failed');
      const text = guestError
        ? edit(guest, `${outcome}: ${guestError.stack || guestError.message}`)
        : `${outcome}: ${reason}`;
      telemetry.log(ownerOf(guest), { level: 'error', text, requestId });
    },
    spentAfterEnd: ({ guest, trigger }, cpuMs) => {
      metrics.runCpuSeconds.inc({ plugin: guest.plugin.id }, cpuMs / 1000);
      telemetry.countSpentAfterEnd(ownerOf(guest), trigger.kind, cpuMs);
    },
    guestLogged: (guest, line) => {
      const entry = { ...line, text: edit(guest, line.text) };
      logged(entry.requestId, entry);
      log.debug(
        { ...fieldsOf(guest), guestLevel: entry.level, requestId: entry.requestId, text: entry.text },
        'guest log',
      );
      telemetry.log(ownerOf(guest), entry);
    },
    callDenied: (guest, capability, permission) => {
      metrics.deniedCalls.inc({ plugin: guest.plugin.id, capability });
      telemetry.countDenied(ownerOf(guest), capability, permission?.name ?? 'none');
      const fields = { ...fieldsOf(guest), capability, permission: permission?.name ?? null };
      warnOfCall(guest.installationId, fields, 'host call denied');
      const what = permission ? deniedSentence(capability, permission) : `${capability} was not granted`;
      const text = edit(guest, `denied: ${what}`);
      telemetry.log(ownerOf(guest), { level: 'warn', text, requestId: null });
    },
    callFailed: (guest, capability, requestId, error) => {
      const fields = { ...fieldsOf(guest), capability, requestId, err: error };
      tellOfFault(guest.installationId, fields, 'host call failed');
    },
    runnerEnded: (runner, why, blamed) => {
      for (const guest of blamed) onStrike(guest, why);
      metrics.runnerEnds.inc({ tier: runner.tier });
      log.warn({ ...runner, why, blamed: blamed.map((guest) => guest.plugin.id) }, 'runner ended');
    },
  };
}

type Counters = { readonly metrics: Metrics; readonly telemetry: Telemetry };

function countRun(
  { metrics, telemetry }: Counters,
  { guest, trigger }: Invocation,
  { outcome, usage }: Completion,
): void {
  const { wallMs, cpuMs, hostCalls } = usage;
  const plugin = guest.plugin.id;
  metrics.runs.inc({ plugin, outcome });
  metrics.runEnds.inc({ trigger: limitedAs(trigger), outcome });
  metrics.runSeconds.observe(wallMs / 1000);
  metrics.runCpuSeconds.inc({ plugin }, cpuMs / 1000);
  telemetry.countRun(ownerOf(guest), { outcome, trigger: trigger.kind, wallMs, cpuMs, hostCalls });
}
