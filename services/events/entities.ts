import { defineEntity, type InferEntity, p } from '@mikro-orm/core';
import { InstallationEntity } from '../../registry/installations/entities/index.ts';
import type { PluginId } from '../../spec/plugin-id.ts';

/** Something that happened in an organization, for as long as a subscriber has yet to hear it. */
export const EventEntity = defineEntity({
  name: 'Event',
  tableName: 'event',
  properties: {
    id: p.uuid().primary(),
    orgId: p.uuid(),
    name: p.text(),
    key: p.text().nullable(),
    /** JSON as text: guests write it, and it may hold U+0000 (as an escape). */
    data: p.text(),
    emitter: p.text().$type<PluginId | 'core'>(),
    /** Events that led to this one, one after the other. */
    depth: p.integer(),
    emittedAt: p.datetime(),
  },
  indexes: [{ name: 'event_age_index', properties: ['emittedAt'] }],
});

/** One event for one subscriber; gone once it was delivered. */
export const EventDeliveryEntity = defineEntity({
  name: 'EventDelivery',
  tableName: 'event_delivery',
  properties: {
    /** Grows in the order in which events of one key were committed. */
    id: p.bigint('string').primary().autoincrement(),
    orgId: p.uuid(),
    event: () => p.manyToOne(EventEntity).deleteRule('cascade'),
    installation: () => p.manyToOne(InstallationEntity).deleteRule('cascade'),
    /** As the manifest of the subscriber writes it: the name of its handler. */
    subscription: p.text(),
    /** Subscriber and key: what is in one lane is delivered one after the other. */
    lane: p.text().collation('C'),
    state: p.text().$type<'waiting' | 'dead'>(),
    /** How often the handler failed. */
    attempts: p.integer(),
    lastError: p.text().nullable(),
    deadAt: p.datetime().nullable(),
  },
  indexes: [
    { name: 'event_delivery_lane_index', properties: ['lane', 'id'], where: `state = 'waiting'` },
    { name: 'event_delivery_org_index', properties: ['orgId', 'state', 'id'] },
    { name: 'event_delivery_event_index', properties: ['event'] },
    { name: 'event_delivery_installation_index', properties: ['installation'] },
  ],
  checks: [{ name: 'event_delivery_state_check', expression: `state in ('waiting', 'dead')` }],
});

export type EventDelivery = InferEntity<typeof EventDeliveryEntity>;

/** The tables of events, for `openDatabase`. */
export const EVENT_ENTITIES = [EventEntity, EventDeliveryEntity];
