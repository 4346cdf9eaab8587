/**
 * An event comes into being in the transaction of what it tells: subscribers hear it if and only if that commits.
 *
 * Emitters of the same key in one organization take turns from here to their commit, so that the order of deliveries
 * is the order of commits. Whoever emits several keys in one transaction hands them in together, for which they are
 * sorted; otherwise two transactions may wait for each other, and PostgreSQL ends one of them.
 */
import { createHash, randomUUID, randomUUIDv7 } from 'node:crypto';
import type { Transaction } from '../../database/index.ts';
import { checkDepth, checkEvent, subscriptionOf } from '../../spec/host/event-checks.ts';
import type { Emitted, NewEvent } from '../../spec/host/events.ts';
import type { PluginId } from '../../spec/plugin-id.ts';
import type { NewTask, Queue } from '../queue/index.ts';
import type { Room } from './room.ts';
import type { Party } from './subscribers.ts';

export type Source = {
  readonly orgId: string;
  readonly emitter: PluginId | 'core';
  /** Of the run that emits (`causes.ts`): 0 where no event led to it. */
  readonly depth: number;
};

type PlannedEvent = { readonly id: string; readonly event: NewEvent };

type Delivery = {
  readonly event: string;
  readonly party: Party;
  readonly subscription: string;
  readonly lane: string;
};

/** @throws Refusal `event_invalid`, `event_depth_exceeded`, `events_too_many` */
export async function writeEvents(
  { queue, room }: { readonly queue: Queue; readonly room: Room },
  tx: Transaction,
  source: Source,
  events: readonly NewEvent[],
  load: () => Promise<readonly Party[]>,
): Promise<Emitted[]> {
  for (const event of events) checkEvent(event);
  checkDepth(source.depth);
  await lockKeys(tx, source.orgId, events);
  const parties = await load();
  const planned = planEvents(events);
  const deliveries = planned.flatMap((each) => deliveriesOf(source, each, parties));
  await room.take(tx, source.orgId, deliveries.length);
  await send(queue, tx, source, { planned, deliveries });
  const counts = Map.groupBy(deliveries, ({ event }) => event);
  return planned.map(({ id }) => ({ id, subscribers: counts.get(id)?.length ?? 0 }));
}

/** What Souk tells of itself, all of it of a few kinds. */
export type Facts = {
  /** The names that may occur among them. */
  readonly names: readonly string[];
  /** Called where somebody hears one of the names. */
  readonly make: () => readonly NewEvent[];
};

/**
 * Facts of Souk itself. The caller holds a lock, to its commit, that puts facts of one key in order. They are not
 * counted against what may wait: refusing them would undo what they tell, which has limits of its own.
 */
export async function writeFacts(
  queue: Queue,
  tx: Transaction,
  orgId: string,
  { names, make }: Facts,
  load: () => Promise<readonly Party[]>,
): Promise<void> {
  const parties = await load();
  const source: Source = { orgId, emitter: 'core', depth: 0 };
  const isHeard = names.some((name) =>
    parties.some((party) => subscriptionOf(party, source.emitter, name) !== undefined),
  );
  if (!isHeard) return;
  const planned = planEvents(make());
  const deliveries = planned.flatMap((each) => deliveriesOf(source, each, parties));
  await send(queue, tx, source, { planned, deliveries });
}

function planEvents(events: readonly NewEvent[]): PlannedEvent[] {
  return events.map((event) => ({ id: randomUUIDv7(), event }));
}

async function send(
  queue: Queue,
  tx: Transaction,
  source: Source,
  {
    planned,
    deliveries,
  }: { readonly planned: readonly PlannedEvent[]; readonly deliveries: readonly Delivery[] },
): Promise<void> {
  await insert(tx, source, planned, deliveries);
  await queue.send(tx, 'events', deliveries.map(toTask));
}

async function lockKeys(tx: Transaction, orgId: string, events: readonly NewEvent[]): Promise<void> {
  const keys = new Set(
    events.flatMap(({ key }) => (typeof key === 'string' ? [`souk.event:${orgId}:${key}`] : [])),
  );
  for (const key of [...keys].sort()) {
    await tx.em.execute('select pg_advisory_xact_lock(hashtextextended(?, 0))', [key]);
  }
}

function deliveriesOf(source: Source, { id, event }: PlannedEvent, parties: readonly Party[]): Delivery[] {
  return parties.flatMap((party) => {
    const subscription = subscriptionOf(party, source.emitter, event.name);
    return subscription === undefined ? [] : [{ event: id, party, subscription, lane: laneOf(party, event) }];
  });
}

/** Of bounded length; an event without a key has a lane of its own. */
function laneOf({ id }: Party, { key }: NewEvent): string {
  if (typeof key !== 'string') return `${id}:${randomUUID()}`;
  return `${id}:${createHash('sha256').update(key).digest('hex')}`;
}

/** Deliveries get their numbers in the order of the events. */
async function insert(
  tx: Transaction,
  { orgId, emitter, depth }: Source,
  planned: readonly PlannedEvent[],
  deliveries: readonly Delivery[],
): Promise<void> {
  const heard = new Set(deliveries.map(({ event }) => event));
  const rows = planned
    .filter(({ id }) => heard.has(id))
    .map(({ id, event: { name, key, data } }) => ({
      id,
      name,
      key: key ?? null,
      data: JSON.stringify(data),
    }));
  if (rows.length === 0) return;
  await tx.em.execute(
    `insert into event (id, org_id, name, key, data, emitter, depth, emitted_at)
      select id, ?, name, key, data, ?, ?, ?
        from jsonb_to_recordset(?::jsonb) as fresh (id uuid, name text, key text, data text)`,
    [orgId, emitter, depth, new Date(), JSON.stringify(rows)],
  );
  const numbered = deliveries.map(({ event, party, subscription, lane }, n) => ({
    n,
    event,
    installation: party.id,
    subscription,
    lane,
  }));
  await tx.em.execute(
    `insert into event_delivery (org_id, event_id, installation_id, subscription, lane, state, attempts)
      select ?, event, installation, subscription, lane, 'waiting', 0 from jsonb_to_recordset(?::jsonb)
        as fresh (n int, event uuid, installation uuid, subscription text, lane text) order by n`,
    [orgId, JSON.stringify(numbered)],
  );
}

function toTask({ party, lane }: Delivery): NewTask {
  return laneTask(party.id, lane);
}

/** One task for each delivery of a lane: which of them it is about is decided by their order, when it is taken. */
export function laneTask(installationId: string, lane: string): NewTask {
  return { data: { lane }, key: lane, group: installationId };
}
