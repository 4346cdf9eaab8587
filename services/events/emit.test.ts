/** Facts of Souk: written for who hears them, counted apart, and beyond their room as dead letters. */
import { randomUUID } from 'node:crypto';
import { expect, it } from 'vitest';
import { EVENT_LIMITS } from '../../spec/limits.ts';
import { writeFacts } from './emit.ts';
import { createQuota, type Quota } from './quota.ts';
import type { EventStore, NewRows } from './store.ts';

const orgId = randomUUID();
const HEARER = {
  id: randomUUID(),
  plugin: 'house/hearer',
  digest: 'digest',
  subscribes: ['member.*'],
  grants: [{ name: 'events.subscribe', scope: ['member.*'] }],
  emits: null,
} as const;

function storeWith(waiting: number): { readonly written: NewRows[]; readonly store: EventStore } {
  const written: NewRows[] = [];
  const store: EventStore = {
    parties: async () => [HEARER],
    waiting: async (kind) => (kind === 'facts' ? waiting : 0),
    write: async (rows) => void written.push(rows),
  };
  return { written, store };
}

async function tell(quota: Quota, store: EventStore, count: number) {
  const make = () =>
    Array.from({ length: count }, (_, n) => ({ name: 'member.created', key: String(n), data: { n } }));
  return writeFacts(quota, store, orgId, { names: ['member.created'], make });
}

it('are delivered while there is room, without locks of their own', async () => {
  const { written, store } = storeWith(EVENT_LIMITS.factsPerOrganizationMax - 500);
  expect(await tell(createQuota(), store, 500)).toBe('fresh');
  const [rows] = written;
  expect([rows?.locks, rows?.events.length, rows?.deliveries.length]).toEqual([[], 500, 500]);
  expect(rows?.deliveries[499]).toMatchObject({ n: 499, is_fact: true, state: 'fresh', error: null });
});

it('are dead letters at once where too many wait, so that what they tell stands', async () => {
  const { written, store } = storeWith(EVENT_LIMITS.factsPerOrganizationMax - 500);
  const quota = createQuota();
  await tell(quota, store, 300);
  expect(await tell(quota, store, 300)).toBe('nothing');
  expect(written[1]?.deliveries[0]).toMatchObject({
    is_fact: true,
    state: 'dead',
    error: expect.stringContaining('facts_too_many'),
  });
  // What people and plugins tell has its own room.
  await expect(quota.take(store, orgId, EVENT_LIMITS.waitingPerOrganizationMax)).resolves.toBeUndefined();
  await expect(quota.take(store, orgId, 1)).rejects.toMatchObject({ code: 'events_too_many' });
});

it('are not even made where nobody hears them', async () => {
  const { written, store } = storeWith(0);
  const make = () => expect.fail('nobody hears it');
  const facts = { names: ['post.created'], make };
  expect(await writeFacts(createQuota(), store, orgId, facts)).toBe('nothing');
  expect(written).toEqual([]);
});
