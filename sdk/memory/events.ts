/** Events in memory: emitted with the checks of a server, and delivered when whoever holds them says so. */
import { randomUUID } from 'node:crypto';
import { compileGuestSchema } from '../../spec/guest-validator.ts';
import type { DeliveredEvent } from '../../spec/handler.ts';
import type { Causes } from '../../spec/host/causes.ts';
import {
  checkDepth,
  checkEvent,
  requireDeclaredEvent,
  requireEventRoom,
  subscriptionOf,
} from '../../spec/host/event-checks.ts';
import type { Emitted, EventPort, NewEvent } from '../../spec/host/events.ts';
import type { PluginId } from '../../spec/plugin-id.ts';
import type { MemoryPlugin } from './plugin.ts';

/** An event on its way to one plugin that hears it. */
export type MemoryDelivery = {
  readonly id: string;
  readonly plugin: PluginId;
  readonly subscription: string;
  readonly event: DeliveredEvent;
  /** Events that led to it, itself included. */
  readonly depth: number;
};

export type MemoryEvents = EventPort & {
  /** What has been emitted, oldest first. */
  readonly emitted: readonly DeliveredEvent[];
  /** Facts of Souk itself. */
  tell(events: readonly NewEvent[]): void;
  /** Oldest first. */
  waiting(): readonly MemoryDelivery[];
  /**
   * Delivers one. Where the run throws, the delivery waits in its old place, with one attempt more.
   * @param run is given the id of a run that emits on account of the event
   * @throws what the run throws
   */
  deliver<Result>(delivery: MemoryDelivery, run: (requestId: string) => Promise<Result>): Promise<Result>;
  /** Gives one up. */
  discard(delivery: MemoryDelivery): void;
};

export type EventPorts = {
  /** Who hears, and may emit. */
  readonly plugins: () => readonly MemoryPlugin[];
  readonly causes: Causes;
  /** Milliseconds since 1970. */
  readonly nowMs: () => number;
  /** Called when something waits. */
  readonly told: () => void;
};

type Emitter = { readonly emitter: PluginId | 'core'; readonly depth: number };

export function createMemoryEvents({ plugins, causes, nowMs, told }: EventPorts): MemoryEvents {
  const emitted: DeliveredEvent[] = [];
  const waiting = new Map<string, MemoryDelivery>();
  const put = ({ emitter, depth }: Emitter, { name, key = null, data }: NewEvent): Emitted => {
    const emittedAt = new Date(nowMs()).toISOString();
    const event = { id: randomUUID(), name, key, data, emittedAt, emitter, attempt: 1 };
    const deliveries = deliveriesOf(plugins(), event, depth);
    if (emitter !== 'core' && deliveries.length > 0) requireEventRoom(waiting.size, deliveries.length);
    emitted.push(event);
    for (const delivery of deliveries) waiting.set(delivery.id, delivery);
    if (deliveries.length > 0) told();
    return { id: event.id, subscribers: deliveries.length };
  };
  return {
    emitted,
    emitFor: async ({ plugin, requestId }, event) => {
      const depth = causes.depthOf(requestId) + 1;
      const own = plugins().find(({ manifest }) => manifest.id === plugin);
      checkEvent(event);
      checkDepth(depth);
      requireDeclaredEvent(own?.manifest.contributes?.events?.emits, event, compileGuestSchema);
      return put({ emitter: plugin, depth }, event);
    },
    tell: (events) => {
      for (const event of events) put({ emitter: 'core', depth: 0 }, event);
    },
    waiting: () => [...waiting.values()],
    deliver: async (delivery, run) => {
      const requestId = randomUUID();
      const endCause = causes.begin(requestId, delivery.depth);
      try {
        const result = await run(requestId);
        waiting.delete(delivery.id);
        return result;
      } catch (error) {
        const { event } = delivery;
        waiting.set(delivery.id, { ...delivery, event: { ...event, attempt: event.attempt + 1 } });
        throw error;
      } finally {
        endCause();
      }
    },
    discard: ({ id }) => void waiting.delete(id),
  };
}

function deliveriesOf(
  plugins: readonly MemoryPlugin[],
  event: DeliveredEvent,
  depth: number,
): MemoryDelivery[] {
  return plugins.flatMap(({ manifest, grants }) => {
    const hears = { subscribes: manifest.contributes?.events?.subscribes ?? [], grants };
    const subscription = subscriptionOf(hears, event.emitter, event.name);
    return subscription === undefined
      ? []
      : [{ id: randomUUID(), plugin: manifest.id, subscription, event, depth }];
  });
}
