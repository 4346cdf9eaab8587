/**
 * How many events of an organization may wait, so that a storm in one does not fill the tables of all. What plugins and
 * people tell and what Souk tells (a large import has a fact for each record) is counted apart, so that neither takes
 * the room of the other. Counted at most once a second for each organization; what this server adds between two counts
 * is added up.
 */
import { requireEventRoom } from '../../spec/host/event-checks.ts';
import { EVENT_LIMITS } from '../../spec/limits.ts';
import type { EventStore } from './store.ts';

export type Quota = {
  /** @throws Refusal `events_too_many` */
  take(store: EventStore, orgId: string, deliveries: number): Promise<void>;
  /** For facts of Souk. Takes the room where there is some. */
  takeFacts(store: EventStore, orgId: string, deliveries: number): Promise<'room' | 'none'>;
};

type Kind = 'told' | 'facts';
type Count = { waiting: number; readonly countedAt: number };

const COUNT_KEPT_MS = 1_000;
const COUNTS_MAX = 10_000;
const WAITING_MAX: Record<Kind, number> = {
  told: EVENT_LIMITS.waitingPerOrganizationMax,
  facts: EVENT_LIMITS.factsPerOrganizationMax,
};

export function createQuota(): Quota {
  const counts = new Map<string, Count>();
  return {
    take: async (store, orgId, deliveries) => {
      if (deliveries === 0) return;
      const known = await countOf(counts, store, orgId, 'told');
      requireEventRoom(known.waiting, deliveries);
      known.waiting += deliveries;
    },
    takeFacts: async (store, orgId, deliveries) => {
      const known = await countOf(counts, store, orgId, 'facts');
      if (known.waiting + deliveries > WAITING_MAX.facts) return 'none';
      known.waiting += deliveries;
      return 'room';
    },
  };
}

async function countOf(
  counts: Map<string, Count>,
  store: EventStore,
  orgId: string,
  kind: Kind,
): Promise<Count> {
  const id = `${orgId} ${kind}`;
  const known = counts.get(id);
  if (known && performance.now() - known.countedAt <= COUNT_KEPT_MS) return known;
  const fresh = { waiting: await store.waiting(kind, WAITING_MAX[kind]), countedAt: performance.now() };
  if (counts.size >= COUNTS_MAX) counts.clear();
  counts.set(id, fresh);
  return fresh;
}
