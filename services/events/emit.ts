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
import { EventDeliveryEntity, EventEntity } from './entities.ts';
import type { Room } from './room.ts';
import type { Party } from './subscribers.ts';

export type Source = {
  readonly orgId: string;
  readonly emitter: PluginId | 'core';
  /** Of the run that emits (`causes.ts`): 0 where no event led to it. */
  readonly depth: number;
};

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
  const planned = events.map((event) => ({ id: randomUUIDv7(), event }));
  const deliveries = planned.flatMap(({ id, event }) => deliveriesOf(source, id, event, parties));
  await room.take(tx, source.orgId, deliveries.length);
  await insert(tx, source, planned, deliveries);
  await queue.send(tx, 'events', deliveries.map(toTask));
  return planned.map(({ id }) => ({
    id,
    subscribers: deliveries.filter(({ event }) => event === id).length,
  }));
}

async function lockKeys(tx: Transaction, orgId: string, events: readonly NewEvent[]): Promise<void> {
  const keys = new Set(
    events.flatMap(({ key }) => (typeof key === 'string' ? [`souk.event:${orgId}:${key}`] : [])),
  );
  for (const key of [...keys].sort()) {
    await tx.em.execute('select pg_advisory_xact_lock(hashtextextended(?, 0))', [key]);
  }
}

function deliveriesOf(source: Source, id: string, event: NewEvent, parties: readonly Party[]): Delivery[] {
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

async function insert(
  tx: Transaction,
  { orgId, emitter, depth }: Source,
  planned: readonly { readonly id: string; readonly event: NewEvent }[],
  deliveries: readonly Delivery[],
): Promise<void> {
  const heard = new Set(deliveries.map(({ event }) => event));
  const rows = planned
    .filter(({ id }) => heard.has(id))
    .map(({ id, event: { name, key, data } }) => ({
      id,
      orgId,
      name,
      key: key ?? null,
      data: JSON.stringify(data),
      emitter,
      depth,
      emittedAt: new Date(),
    }));
  if (rows.length === 0) return;
  await tx.em.insertMany(EventEntity, rows);
  await tx.em.insertMany(
    EventDeliveryEntity,
    deliveries.map(({ event, party, subscription, lane }) => ({
      orgId,
      event,
      installation: party.id,
      subscription,
      lane,
      state: 'waiting' as const,
      attempts: 0,
    })),
  );
}

function toTask({ party, lane }: Delivery): NewTask {
  return laneTask(party.id, lane);
}

/** One task for each delivery of a lane: which of them it is about is decided by their order, when it is taken. */
export function laneTask(installationId: string, lane: string): NewTask {
  return { data: { lane }, key: lane, group: installationId };
}
