/** Answers of guests that break the response schema of their own manifest: for the operator, and for the plugin's log. */
import type { Guest } from '../../sandbox/index.ts';
import type { Telemetry } from '../../services/index.ts';
import type { Logger } from '../log.ts';
import { boundedLines } from './bounded-lines.ts';
import { ownerOf } from './observer.ts';

export function refusedAnswers(
  log: Logger,
  telemetry: Telemetry,
): (guest: Guest, requestId: string, why: string) => void {
  const warn = boundedLines(log, 'warn');
  return (guest, requestId, why) => {
    const fields = { org: guest.org.slug, plugin: guest.plugin.id, requestId, why };
    warn(guest.installationId, fields, 'answer refused');
    const text = `the answer breaks the response schema: ${why}`;
    telemetry.log(ownerOf(guest), { level: 'error', text, requestId });
  };
}
