/** `host.events`: its one call, and who answers it. */
import type { PluginId } from '../plugin-id.ts';
import type { Capability } from './capability.ts';
import type { JsonValue } from '../json.ts';

export type NewEvent = {
  readonly name: string;
  /** Events of one key reach each subscriber in order; without one order does not matter. */
  readonly key?: string | null;
  readonly data: JsonValue;
};

export type Emitted = { readonly id: string; readonly subscribers: number };

/** The plugin's own run that emits. */
export type EmittingGuest = {
  readonly orgId: string;
  readonly installationId: string;
  readonly plugin: PluginId;
  readonly requestId: string;
};

export type EventPort = {
  /**
   * For a plugin: an event that it declares, with data that fits.
   * @throws Refusal `event_undeclared`, `event_data_invalid`, `event_invalid`, `event_depth_exceeded`, `events_too_many`
   */
  emitFor(guest: EmittingGuest, event: NewEvent): Promise<Emitted>;
};

type Context = {
  readonly guest: {
    readonly installationId: string;
    readonly org: { readonly id: string };
    readonly plugin: { readonly id: PluginId };
  };
  readonly requestId: string;
};

/** `events.emit(name, data, { key })` → `{ id, subscribers }` */
export function eventCapabilities(events: EventPort): Capability<Context>[] {
  return [
    {
      name: 'events.emit',
      requires: ({ name }) => ({ name: 'events.emit', scope: [String(name)] }),
      parameters: ['name', 'data'],
      argumentSchema: {
        type: 'object',
        required: ['name'],
        additionalProperties: false,
        properties: { name: { type: 'string' }, data: {}, key: { type: ['string', 'null'] } },
      },
      act: async ({ name, data, key }, { guest, requestId }) => {
        const { installationId, org, plugin } = guest;
        const event = { name: String(name), data: data ?? null, key: typeof key === 'string' ? key : null };
        return {
          ...(await events.emitFor({ orgId: org.id, installationId, plugin: plugin.id, requestId }, event)),
        };
      },
    },
  ];
}
