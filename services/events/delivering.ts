/** Delivers events: one of a lane at a time, in order, again after a failure, and never without end. */
import { randomUUID } from 'node:crypto';
import type { Database } from '../../database/index.ts';
import type { JsonValue } from '../../spec/json.ts';
import type { PluginId } from '../../spec/plugin-id.ts';
import { Refusal } from '../../spec/refusal.ts';
import type { HandlerEnd } from '../../spec/run.ts';
import type { Causes } from '../causes.ts';
import type { HandlerRuns } from '../../spec/handler-runs.ts';
import type { Queue, QueueLog, Task } from '../queue/index.ts';
import { createSettling, type Settlement } from './settling.ts';

export type DeliveringPorts = {
  readonly database: Database;
  readonly queue: Queue;
  readonly handlers: HandlerRuns;
  readonly causes: Causes;
  readonly log: QueueLog;
  /** Failures of a handler after which an event is a dead letter. */
  readonly attemptsMax: number;
};

export type Delivering = {
  /** For the queue's worker. */
  handle(tasks: readonly Task[]): readonly Promise<void>[];
  /** Ends what is at work: it is delivered again. */
  stop(): void;
};

/** The first delivery of a lane, with all that its run needs. */
type Head = {
  readonly delivery: string;
  readonly lane: string;
  readonly attempts: number;
  readonly subscription: string;
  readonly org_id: string;
  readonly installation_id: string;
  readonly plugin_id: PluginId;
  readonly installation_state: string;
  readonly event_id: string;
  readonly name: string;
  readonly key: string | null;
  readonly data: string;
  readonly emitter: PluginId | 'core';
  readonly depth: number;
  readonly emitted_at: Date | string;
};

const HEADS_SQL = `select distinct on (delivery.lane) delivery.id::text as delivery, delivery.lane, delivery.attempts,
    delivery.subscription, delivery.org_id, delivery.installation_id, installation.plugin_id,
    case when installation.serving_snapshot_id is null then installation.state else 'active' end as installation_state,
    event.id as event_id, event.name, event.key, event.data, event.emitter, event.depth, event.emitted_at
  from event_delivery delivery join event on event.id = delivery.event_id
    join installation on installation.id = delivery.installation_id
  where delivery.lane in (select jsonb_array_elements_text(?::jsonb)) and delivery.state = 'waiting'
  order by delivery.lane, delivery.id`;

const ERROR_CHARS_MAX = 1_000;

export function createDelivering(ports: DeliveringPorts): Delivering {
  const settling = createSettling(ports);
  const stopping = new AbortController();
  return {
    handle: (tasks) => {
      const heads = loadHeads(ports.database, tasks);
      return tasks.map(async (task) => {
        const head = (await heads).get(String(task.data['lane']));
        await settling.settle(await deliver(ports, task, head, stopping.signal));
      });
    },
    stop: () => {
      stopping.abort();
      settling.stop();
    },
  };
}

async function loadHeads(database: Database, tasks: readonly Task[]): Promise<Map<string, Head>> {
  const lanes = tasks.map(({ data }) => data['lane'] ?? '');
  const rows = await database.transaction({ kind: 'instance' }, ({ em }) =>
    em.execute<Head[]>(HEADS_SQL, [JSON.stringify(lanes)]),
  );
  return new Map(rows.map((row) => [row.lane, row]));
}

async function deliver(
  ports: DeliveringPorts,
  task: Task,
  head: Head | undefined,
  signal: AbortSignal,
): Promise<Settlement> {
  // Uninstalled meanwhile, or delivered by a server that died before it could say so.
  if (!head) return { kind: 'delivered', delivery: null, task };
  switch (head.installation_state) {
    case 'active':
      return settlementOf(ports, task, head, await run(ports, head, signal), signal);
    case 'activating':
    case 'deactivating':
      return { kind: 'again', ...held(task, head), error: `The plugin is ${head.installation_state}.` };
    default:
      return { kind: 'dead', ...held(task, head), error: 'The plugin is not active any more.' };
  }
}

function held(task: Task, { delivery, attempts }: Head): { task: Task; delivery: string; attempts: number } {
  return { task, delivery, attempts };
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

/** Codes of refusals that pass: nobody is to blame, and the attempt does not count. */
const PASSING: ReadonlySet<string> = new Set(['plugin_not_active', 'database_unavailable']);

function settlementOf(
  ports: DeliveringPorts,
  task: Task,
  head: Head,
  end: HandlerEnd | Refusal | 'fault',
  signal: AbortSignal,
): Settlement {
  if (end === 'fault') return failed(ports, task, head, 'Souk failed.');
  if (end instanceof Refusal) {
    const error = `${end.code}: ${end.message}`;
    return PASSING.has(end.code)
      ? { kind: 'again', ...held(task, head), error }
      : failed(ports, task, head, error);
  }
  if (end.outcome === 'ok') return { kind: 'delivered', delivery: head.delivery, task };
  const error = `${end.outcome}: ${end.guestError?.message ?? end.reason}`;
  const isNobodysFault = end.outcome === 'loadShed' || (end.outcome === 'canceled' && signal.aborted);
  return isNobodysFault ? { kind: 'again', ...held(task, head), error } : failed(ports, task, head, error);
}

function failed({ attemptsMax }: DeliveringPorts, task: Task, head: Head, text: string): Settlement {
  const attempts = head.attempts + 1;
  const kind = attempts >= attemptsMax ? 'dead' : 'again';
  const error = text.slice(0, ERROR_CHARS_MAX).toWellFormed().replaceAll('\0', '\uFFFD');
  return { kind, task, delivery: head.delivery, attempts, error };
}
