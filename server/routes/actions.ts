/** Rights that plugins define, mapped to the roles of the organization. */
import { Type } from 'typebox';
import { toJson } from '../http/json-answer.ts';
import { route, type Route } from '../http/route.ts';
import type { Services } from '../services.ts';
import { actingAs, InstalledParams, pluginOf } from './installed-plugin.ts';
import { Anything, NoQuery, Role } from './schemas.ts';

const path = '/api/v1/orgs/:org/plugins/:publisher/:name/actions';

export function actionRoutes({ installations }: Services): Route[] {
  const base = { tag: 'installations', query: NoQuery, answers: { 200: Anything } } as const;
  return [
    route({
      ...base,
      method: 'GET',
      path,
      summary: 'The rights that the plugin defines, and from which role on each is held.',
      access: { kind: 'org', role: 'member', scope: 'orgs:read' },
      params: InstalledParams,
      body: 'none',
      handle: async ({ caller, params }) => ({
        status: 200,
        json: { items: toJson(await installations.listActions(caller.org.id, pluginOf(params))) },
      }),
    }),
    route({
      ...base,
      method: 'PUT',
      path: `${path}/:action`,
      summary: 'Decides from which role on a right of the plugin is held; it counts at once.',
      access: { kind: 'org', role: 'admin', scope: 'orgs:admin' },
      params: Type.Object({ ...InstalledParams.properties, action: Type.String() }),
      body: Type.Object({ role: Role }, { additionalProperties: false }),
      handle: async ({ caller, params, body }) => {
        const { action } = params;
        const wish = { action, role: body.role };
        const items = await installations.setActionRole(actingAs(caller), pluginOf(params), wish);
        return { status: 200, json: { items: toJson(items) } };
      },
    }),
  ];
}
