/** The instance's layer of a plugin's configuration: below each organization's, and above the manifest's defaults. */
import { Type } from 'typebox';
import { actorOf } from '../../identity/index.ts';
import { readAvailability } from '../../registry/catalogue/index.ts';
import type { JsonObject } from '../../spec/json.ts';
import type { PluginId } from '../../spec/plugin-id.ts';
import { route, type Route } from '../http/route.ts';
import type { Services } from '../services.ts';
import { Anything, NoQuery, PluginParams } from './schemas.ts';

const Answer = Type.Object({ config: Anything });

export function instanceConfigRoutes(services: Services): Route[] {
  const { installations } = services;
  const base = {
    tag: 'instance',
    path: '/api/v1/packages/:publisher/:name/instance-config',
    access: { kind: 'instance' },
    params: PluginParams,
    query: NoQuery,
    answers: { 200: Answer },
  } as const;
  return [
    route({
      ...base,
      method: 'GET',
      summary:
        "The instance's layer of a plugin's configuration, which counts where an organization sets nothing.",
      body: 'none',
      handle: async ({ params }) => {
        const plugin = await requirePlugin(services, params);
        return { status: 200, json: { config: await installations.readInstanceConfig(plugin) } };
      },
    }),
    route({
      ...base,
      method: 'PUT',
      summary: "Replaces the instance's layer of a plugin's configuration, for every organization at once.",
      body: Anything,
      handle: async ({ caller, params, body }) => {
        const plugin = await requirePlugin(services, params);
        await installations.setInstanceConfig(actorOf(caller.principal), plugin, body as JsonObject);
        return { status: 200, json: { config: await installations.readInstanceConfig(plugin) } };
      },
    }),
  ];
}

/** @throws Refusal `not_found` for a plugin that nobody published */
async function requirePlugin(
  { database, publishing }: Services,
  { publisher, name }: { publisher: string; name: string },
): Promise<PluginId> {
  const id: PluginId = `${publisher}/${name}`;
  await readAvailability({ database, now: publishing.now }, id);
  return id;
}
