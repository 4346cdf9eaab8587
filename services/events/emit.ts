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
import type { Quota } from './quota.ts';
import type { EventStore } from './store.ts';
import type { Party } from './subscribers.ts';

export type Source = {
  readonly emitter: PluginId | 'core';
  /** Of the run that emits (`causes.ts`): 0 where no event led to it. */
  readonly depth: number;
};

/** An event and who hears it. */
export type PlannedEvent = {
  readonly id: string;
  readonly source: Source;
  readonly event: NewEvent;
  readonly hearers: readonly Hearer[];
};

type Hearer = { readonly party: Party; readonly subscription: string };

/** @throws Refusal `event_invalid`, `event_depth_exceeded` */
export function checkNew(source: Source, event: NewEvent): void {
  checkEvent(event);
  checkDepth(source.depth);
}

export function planEvent(source: Source, event: NewEvent, parties: readonly Party[]): PlannedEvent {
  const hearers = parties.flatMap((party) => {
    const subscription = subscriptionOf(party, source.emitter, event.name);
    return subscription === undefined ? [] : [{ party, subscription }];
  });
  return { id: randomUUIDv7(), source, event, hearers };
}

export function emittedOf({ id, hearers }: PlannedEvent): Emitted {
  return { id, subscribers: hearers.length };
}

/** Events for which room was taken. Emitters of their keys take turns from here to the commit; then deliver it. */
export async function writeEvents(
  store: EventStore,
  orgId: string,
  planned: readonly PlannedEvent[],
): Promise<void> {
  const keys = new Set(
    planned.flatMap(({ event: { key } }) => (typeof key === 'string' ? [`souk.event:${orgId}:${key}`] : [])),
  );
  await write(store, [...keys].sort(), planned, { isFact: false, state: 'fresh', error: null });
}

/** What Souk tells of itself, all of it of a few kinds. */
export type Facts = {
  /** The names that may occur among them. */
  readonly names: readonly string[];
  /** Called where somebody hears one of the names. */
  readonly make: () => readonly NewEvent[];
};

/**
 * Tells facts of Souk itself. The caller holds a lock, to its commit, that puts facts of one key in order.
 *
 * @example await tell(tx, orgId, { names: ['import.failed'], make: () => [{ name: 'import.failed', key: id, data }] })
 */
export type Tell = (tx: Transaction, orgId: string, facts: Facts) => Promise<void>;

const SOUK: Source = { emitter: 'core', depth: 0 };
const NO_ROOM = 'facts_too_many: too many facts of this organization waited to be delivered.';

/**
 * Facts of Souk itself. The caller holds a lock, to its commit, that puts facts of one key in order. They are counted
 * apart from what plugins tell, and never refused, which would undo what they tell: where too many wait already they
 * are dead letters at once.
 * @returns whether there is something to deliver
 */
export async function writeFacts(
  quota: Quota,
  store: EventStore,
  orgId: string,
  { names, make }: Facts,
): Promise<'fresh' | 'nothing'> {
  const parties = await store.parties([]);
  const isHeard = names.some((name) =>
    parties.some((party) => subscriptionOf(party, 'core', name) !== undefined),
  );
  if (!isHeard) return 'nothing';
  const planned = make().map((event) => planEvent(SOUK, event, parties));
  const found = await quota.takeFacts(store, orgId, countDeliveries(planned));
  const fate: Fate =
    found === 'room'
      ? { isFact: true, state: 'fresh', error: null }
      : { isFact: true, state: 'dead', error: NO_ROOM };
  await write(store, [], planned, fate);
  return found === 'room' ? 'fresh' : 'nothing';
}

function countDeliveries(planned: readonly PlannedEvent[]): number {
  return planned.reduce((sum, { hearers }) => sum + hearers.length, 0);
}

/** What all deliveries that are written together begin as. */
type Fate = { readonly isFact: boolean; readonly state: 'fresh' | 'dead'; readonly error: string | null };

/** Deliveries get their numbers in the order of the events, once the locks are held. */
async function write(
  store: EventStore,
  locks: readonly string[],
  planned: readonly PlannedEvent[],
  fate: Fate,
): Promise<void> {
  const heard = planned.filter(({ hearers }) => hearers.length > 0);
  if (heard.length === 0) return;
  const events = heard.map(({ id, source, event: { name, key, data } }) => {
    return { id, name, key: key ?? null, data: JSON.stringify(data), ...source };
  });
  const deliveries = heard
    .flatMap(({ id, event, hearers }) => hearers.map((hearer) => deliveryOf(id, event, hearer)))
    .map((delivery, n) => ({ n, ...delivery, is_fact: fate.isFact, state: fate.state, error: fate.error }));
  await store.write({ locks, events, deliveries });
}

function deliveryOf(event: string, { key }: NewEvent, { party, subscription }: Hearer) {
  return { event, installation: party.id, subscription, lane: laneOf(party, key) };
}

/** Of bounded length; an event without a key has a lane of its own. */
function laneOf({ id }: Party, key: NewEvent['key']): string {
  if (typeof key !== 'string') return `${id}:${randomUUID()}`;
  return `${id}:${createHash('sha256').update(key).digest('hex')}`;
}
