/** What a guest reaches as `host.events`. */
import type { PluginId } from '../../spec/plugin-id.ts';
import type { Capability } from '../capability.ts';
import type { Events } from './events.ts';

type Context = {
  readonly guest: {
    readonly installationId: string;
    readonly org: { readonly id: string };
    readonly plugin: { readonly id: PluginId };
  };
  readonly requestId: string;
};

/** `events.emit(name, data, { key })` → `{ id, subscribers }` */
export function eventCapabilities(events: Events): Capability<Context>[] {
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
