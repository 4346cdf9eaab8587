/** What a job is refused for wherever it is wanted. */
import { compileGuestSchema } from '../guest-validator.ts';
import type { JsonObject } from '../json.ts';
import { JOB_LIMITS } from '../limits.ts';
import type { PluginId } from '../plugin-id.ts';
import { Refusal } from '../refusal.ts';

/** @returns milliseconds. @throws Refusal `job_delay_invalid` */
export function checkDelay(delayMs: number): number {
  if (Number.isFinite(delayMs) && delayMs >= 0 && delayMs <= JOB_LIMITS.delayMsMax) return delayMs;
  throw new Refusal('job_delay_invalid', {
    detail: `The delay is ${delayMs} ms; it is from 0 to ${JOB_LIMITS.delayMsMax}.`,
  });
}

/** @returns Refusal `handler_unknown` */
export function handlerUnknown(plugin: PluginId, kind: 'command' | 'schedule', name: string): Refusal {
  return new Refusal('handler_unknown', {
    detail: `${plugin} declares no ${kind} ${JSON.stringify(name.slice(0, 80))}.`,
  });
}

/**
 * @param schema of the arguments, as the manifest has it
 * @throws Refusal `job_arguments_invalid`
 */
export function requireFittingWork(
  { command, args }: { readonly command: string; readonly args: JsonObject },
  schema: JsonObject = {},
): void {
  const bytes = Buffer.byteLength(JSON.stringify(args), 'utf8');
  if (bytes > JOB_LIMITS.argumentBytesMax) {
    throw new Refusal('job_arguments_invalid', {
      detail: `The arguments of ${command} have ${bytes} bytes as JSON; at most ${JOB_LIMITS.argumentBytesMax} are taken.`,
    });
  }
  const violations = compileGuestSchema(schema)(args);
  const [first] = violations;
  if (!first) return;
  throw new Refusal('job_arguments_invalid', {
    detail: `The arguments of ${command}: ${first.pointer || 'they'} ${first.message}.`,
    violations,
  });
}

/** @param open jobs of the organization that have not ended. @throws Refusal `jobs_too_many` */
export function requireJobRoom(open: number): void {
  if (open < JOB_LIMITS.openPerOrganizationMax) return;
  throw new Refusal('jobs_too_many', {
    detail: `${JOB_LIMITS.openPerOrganizationMax} jobs of this organization are waiting or at work.`,
  });
}
