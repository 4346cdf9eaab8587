/**
 * Delivers the events of one `souk dev`: one of a key at a time, in order. A delivery that failed holds its key and
 * comes again when its plugin was saved, until it has failed as often as a server tries it.
 */
import type { MemoryDelivery, MemoryEvents } from '../../sdk/memory/events.ts';
import type { HandlerRuns } from '../../spec/handler-runs.ts';
import { EVENT_LIMITS } from '../../spec/limits.ts';
import { Fault, Refusal } from '../../spec/refusal.ts';
import type { PluginId } from '../../spec/plugin-id.ts';
import type { DevLog } from './dev-log.ts';
import { DEV_ORG } from './dev-plugin.ts';

export type DevDeliveries = {
  /** Delivers what waits; to be called whenever an event was told. */
  look(): void;
  /** Tries again what a plugin failed on. */
  again(plugin: PluginId): void;
  close(): Promise<void>;
};

type Ports = { readonly events: MemoryEvents; readonly handlers: HandlerRuns; readonly log: DevLog };

export function openDevDeliveries({ events, handlers, log }: Ports): DevDeliveries {
  const stopping = new AbortController();
  const atWork = new Map<string, Promise<void>>();
  /** Lanes that wait for a save, with the plugin that is to be saved. */
  const held = new Map<string, PluginId>();
  const fail = (delivery: MemoryDelivery, error: unknown): void => {
    if (stopping.signal.aborted) return;
    const isOver = delivery.event.attempt >= EVENT_LIMITS.attemptsDefault;
    if (isOver) events.discard(delivery);
    else held.set(laneOf(delivery), delivery.plugin);
    tellFailure(log, delivery, isOver ? 'it is given up' : 'it comes again when the plugin was saved', error);
  };
  const begin = (delivery: MemoryDelivery): void => {
    const lane = laneOf(delivery);
    const work = events
      .deliver(delivery, (requestId) => run(handlers, delivery, requestId, stopping.signal))
      .then(
        () => tellDelivery(log, delivery),
        (error: unknown) => fail(delivery, error),
      )
      .finally(() => {
        atWork.delete(lane);
        look();
      });
    atWork.set(lane, work);
  };
  const look = (): void => {
    for (const delivery of stopping.signal.aborted ? [] : events.waiting()) {
      if (atWork.size >= EVENT_LIMITS.runsPerInstallationMax) return;
      const lane = laneOf(delivery);
      if (!atWork.has(lane) && !held.has(lane)) begin(delivery);
    }
  };
  return {
    look,
    again: (plugin) => {
      for (const [lane, holder] of held) if (holder === plugin) held.delete(lane);
      look();
    },
    close: async () => {
      stopping.abort();
      await Promise.allSettled(atWork.values());
    },
  };
}

/** Events of one key are one after the other; one without a key is alone. */
function laneOf({ plugin, event }: MemoryDelivery): string {
  return JSON.stringify([plugin, event.key === null ? { id: event.id } : event.key]);
}

async function run(
  handlers: HandlerRuns,
  { plugin, subscription, event }: MemoryDelivery,
  requestId: string,
  signal: AbortSignal,
): Promise<void> {
  const trigger = { kind: 'event', subscription, event } as const;
  const caller = { kind: 'system' } as const;
  const end = await handlers.run({ orgId: DEV_ORG.id, plugin, trigger, caller, requestId, signal });
  if (end.outcome === 'ok') return;
  throw new Fault(`${end.outcome}: ${end.guestError?.message ?? end.reason}`);
}

function tellDelivery(log: DevLog, { plugin, event }: MemoryDelivery): void {
  const { name, id, attempt } = event;
  log.say({ event: 'delivered', name, id, plugin, attempt }, `event    ${name} was delivered to ${plugin}`);
}

function tellFailure(
  log: DevLog,
  { plugin, event: { name, id, attempt } }: MemoryDelivery,
  next: string,
  error: unknown,
): void {
  const text = error instanceof Refusal || error instanceof Error ? error.message : String(error);
  log.say(
    { event: 'undelivered', name, id, plugin, attempt, text, next },
    `event    ${name} failed in ${plugin}, ${next}: ${text}`,
  );
}
