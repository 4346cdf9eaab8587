/** Events in memory: emitted with the checks of a server, and delivered when a test says so. */
import { randomUUID } from 'node:crypto';
import { compileGuestSchema } from '../../spec/guest-schema.ts';
import type { DeliveredEvent } from '../../spec/handler.ts';
import {
  checkDepth,
  checkEvent,
  requireDeclaredEvent,
  subscriptionOf,
  type Subscriber,
} from '../../spec/host/event-checks.ts';
import type { EventPort } from '../../spec/host/events.ts';
import type { JsonObject, JsonValue } from '../../spec/json.ts';
import type { PluginId } from '../../spec/plugin-id.ts';

type Waiting = { readonly event: DeliveredEvent; readonly subscription: string; readonly depth: number };

export type MemoryEvents = EventPort & {
  /** What has been emitted, oldest first. */
  readonly emitted: readonly DeliveredEvent[];
  /**
   * Delivers what the plugin itself subscribes to, in order. What a handler throws is thrown, and its event waits for
   * the next time with one attempt more.
   * @param run is given the id of a run that emits on account of the event
   */
  deliver(run: (waiting: Waiting, requestId: string) => Promise<JsonValue>): Promise<void>;
};

type Emitter = Subscriber & {
  readonly plugin: PluginId;
  readonly emits: Readonly<Record<string, JsonObject>> | undefined;
};

/** @param nowMs milliseconds since 1970 */
export function createMemoryEvents(emitter: Emitter, nowMs: () => number): MemoryEvents {
  const emitted: DeliveredEvent[] = [];
  const waiting: Waiting[] = [];
  const depths = new Map<string, number>();
  return {
    emitted,
    emitFor: async ({ plugin, requestId }, event) => {
      const depth = (depths.get(requestId) ?? 0) + 1;
      checkEvent(event);
      checkDepth(depth);
      requireDeclaredEvent(emitter.emits, event, compileGuestSchema);
      const { name, data, key = null } = event;
      const emittedAt = new Date(nowMs()).toISOString();
      const told = { id: randomUUID(), name, key, data, emittedAt, emitter: plugin, attempt: 1 };
      emitted.push(told);
      const subscription = subscriptionOf(emitter, plugin, name);
      if (subscription === undefined) return { id: told.id, subscribers: 0 };
      waiting.push({ event: told, subscription, depth });
      return { id: told.id, subscribers: 1 };
    },
    deliver: async (run) => {
      for (let next = waiting.shift(); next; next = waiting.shift()) {
        const requestId = randomUUID();
        depths.set(requestId, next.depth);
        try {
          await run(next, requestId);
        } catch (error) {
          const { event } = next;
          waiting.unshift({ ...next, event: { ...event, attempt: event.attempt + 1 } });
          throw error;
        } finally {
          depths.delete(requestId);
        }
      }
    },
  };
}
