/** Runs the handler of one delivery, and says what came of it. */
import { randomUUID } from 'node:crypto';
import type { HandlerRuns } from '../../spec/handler-runs.ts';
import type { JsonValue } from '../../spec/json.ts';
import { Refusal } from '../../spec/refusal.ts';
import type { HandlerEnd } from '../../spec/run.ts';
import type { Causes } from '../../spec/host/causes.ts';
import type { QueueLog } from '../queue/index.ts';
import type { Head } from './lanes.ts';

export type DeliveringPorts = {
  readonly handlers: HandlerRuns;
  readonly causes: Causes;
  readonly log: QueueLog;
};

/** What came of one delivery. */
export type DeliveryEnd =
  | { readonly kind: 'delivered' }
  /** Counts against the attempts. */
  | { readonly kind: 'failed'; readonly error: string }
  /** Nobody is to blame: the attempt does not count, but an end it has. */
  | { readonly kind: 'putOff'; readonly error: string }
  /** This server stops: another one goes on at once. */
  | { readonly kind: 'left' }
  /** Nobody is there any more to hear it. */
  | { readonly kind: 'dead'; readonly error: string };

export async function deliver(ports: DeliveringPorts, head: Head, signal: AbortSignal): Promise<DeliveryEnd> {
  switch (head.installation_state) {
    case 'active':
      return endOf(await run(ports, head, signal), signal);
    case 'activating':
    case 'deactivating':
      return { kind: 'putOff', error: `The plugin is ${head.installation_state}.` };
    default:
      return { kind: 'dead', error: 'The plugin is not active any more.' };
  }
}

async function run(
  { handlers, causes, log }: DeliveringPorts,
  head: Head,
  signal: AbortSignal,
): Promise<HandlerEnd | Refusal | 'fault'> {
  const requestId = randomUUID();
  const endCause = causes.begin(requestId, head.depth);
  try {
    return await handlers.run({
      orgId: head.org_id,
      plugin: head.plugin_id,
      trigger: { kind: 'event', subscription: head.subscription, event: eventOf(head) },
      caller: { kind: 'system' },
      requestId,
      signal,
    });
  } catch (error) {
    if (error instanceof Refusal) return error;
    log.warn({ err: error, event: head.event_id, plugin: head.plugin_id }, 'the delivery of an event failed');
    return 'fault';
  } finally {
    endCause();
  }
}

function eventOf(head: Head) {
  return {
    id: head.event_id,
    name: head.name,
    key: head.key,
    data: JSON.parse(head.data) as JsonValue,
    emittedAt: new Date(head.emitted_at).toISOString(),
    emitter: head.emitter,
    attempt: head.attempts + 1,
  };
}

/** Codes of refusals that pass. */
const PASSING: ReadonlySet<string> = new Set(['plugin_not_active', 'database_unavailable']);

function endOf(end: HandlerEnd | Refusal | 'fault', signal: AbortSignal): DeliveryEnd {
  if (end === 'fault') return { kind: 'failed', error: 'Souk failed.' };
  if (end instanceof Refusal) {
    return { kind: PASSING.has(end.code) ? 'putOff' : 'failed', error: `${end.code}: ${end.message}` };
  }
  if (end.outcome === 'ok') return { kind: 'delivered' };
  if (end.outcome === 'canceled' && signal.aborted) return { kind: 'left' };
  const error = `${end.outcome}: ${end.guestError?.message ?? end.reason}`;
  return { kind: end.outcome === 'loadShed' ? 'putOff' : 'failed', error };
}
