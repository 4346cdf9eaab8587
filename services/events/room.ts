/**
 * How many events of an organization may wait, so that a storm in one does not slow the queue that all share. Counted
 * at most once a second for each organization; what this server adds between two counts is added up.
 */
import type { Transaction } from '../../database/index.ts';
import { requireEventRoom } from '../../spec/host/event-checks.ts';
import { EVENT_LIMITS } from '../../spec/limits.ts';

export type Room = {
  /** @throws Refusal `events_too_many` */
  take(tx: Transaction, orgId: string, deliveries: number): Promise<void>;
};

const COUNT_KEPT_MS = 1_000;
const ORGANIZATIONS_MAX = 10_000;

export function createRoom(): Room {
  const counts = new Map<string, { waiting: number; readonly countedAt: number }>();
  return {
    take: async (tx, orgId, deliveries) => {
      if (deliveries === 0) return;
      let known = counts.get(orgId);
      if (!known || performance.now() - known.countedAt > COUNT_KEPT_MS) {
        known = { waiting: await countWaiting(tx, orgId), countedAt: performance.now() };
        if (counts.size >= ORGANIZATIONS_MAX) counts.clear();
        counts.set(orgId, known);
      }
      requireEventRoom(known.waiting, deliveries);
      known.waiting += deliveries;
    },
  };
}

async function countWaiting(tx: Transaction, orgId: string): Promise<number> {
  const [row] = await tx.em.execute<{ waiting: number }[]>(
    `select count(*)::int as waiting from (
       select from event_delivery where org_id = ? and state = 'waiting' limit ?) as found`,
    [orgId, EVENT_LIMITS.waitingPerOrganizationMax + 1],
  );
  return row?.waiting ?? 0;
}
