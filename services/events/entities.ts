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
    /** `fresh` until its lane knows it. */
    state: p.text().$type<'fresh' | 'waiting' | 'dead'>(),
    /** Told by Souk itself: counted and handed out apart, so that a large import keeps no plugin from telling. */
    isFact: p.boolean(),
    /** How often the handler failed. */
    attempts: p.integer(),
    lastError: p.text().nullable(),
    deadAt: p.datetime().nullable(),
  },
  indexes: [
    { name: 'event_delivery_lane_index', properties: ['lane', 'id'], where: `state <> 'dead'` },
    {
      name: 'event_delivery_fresh_index',
      properties: ['installation', 'isFact', 'id'],
      where: `state = 'fresh'`,
    },
    { name: 'event_delivery_dead_index', properties: ['orgId', 'id'], where: `state = 'dead'` },
    { name: 'event_delivery_room_index', properties: ['orgId', 'isFact'], where: `state <> 'dead'` },
    { name: 'event_delivery_event_index', properties: ['event'] },
    { name: 'event_delivery_installation_index', properties: ['installation'] },
  ],
  checks: [{ name: 'event_delivery_state_check', expression: `state in ('fresh', 'waiting', 'dead')` }],
});

export type EventDelivery = InferEntity<typeof EventDeliveryEntity>;

/** A lane that somebody delivers, or that waits for its next try. */
export const EventLaneEntity = defineEntity({
  name: 'EventLane',
  tableName: 'event_lane',
  properties: {
    lane: p.text().collation('C').primary(),
    orgId: p.uuid(),
    installationId: p.uuid(),
    dueAt: p.datetime(),
    /** How often it was put off with nobody to blame, since something of it was last delivered. */
    putOff: p.integer(),
    /** The server that delivers it, and until when that holds without another sign of life. */
    holder: p.uuid().nullable(),
    heldUntil: p.datetime().nullable(),
  },
  indexes: [
    { name: 'event_lane_due_index', properties: ['installationId', 'dueAt'], where: `holder is null` },
    { name: 'event_lane_held_index', properties: ['installationId'], where: `holder is not null` },
  ],
  checks: [{ name: 'event_lane_holder_check', expression: `(holder is null) = (held_until is null)` }],
});

/** The tables of events, for `openDatabase`. */
export const EVENT_ENTITIES = [EventEntity, EventDeliveryEntity, EventLaneEntity];
