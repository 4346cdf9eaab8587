/** The modules of an organization: those of the core, and what its plugins bring and add. */
import { Type } from 'typebox';
import { listModules, readModule } from '../../registry/modules/index.ts';
import { route, type Route } from '../http/route.ts';
import { pageOf } from '../http/page.ts';
import type { Services } from '../services.ts';
import { Anything, NoQuery, OrgParams, PageQuery, pageSchema } from './schemas.ts';
import { words } from './installed-plugin.ts';

const path = '/api/v1/orgs/:org/modules';
const Status = words(['inForce', 'pluginNotActive', 'notGranted', 'targetMissing']);
const Nullable = Type.Union([Type.String(), Type.Null()]);
const Plugin = Type.Object({ plugin: Type.String(), version: Type.String() });

const Summary = {
  name: Type.String(),
  qualifiedName: Type.String(),
  title: Type.String(),
  description: Nullable,
  status: Status,
  broughtBy: Type.Union([Plugin, Type.Null()], { description: 'Null for a module of the core.' }),
  actions: Type.Array(Type.Object({ plugin: Type.String(), action: Type.String() })),
};

export function moduleRoutes({ database }: Services): Route[] {
  const base = {
    tag: 'modules',
    method: 'GET',
    body: 'none',
    // Whoever may read the settings of installations.
    access: { kind: 'org', role: 'member', scope: 'orgs:read' },
  } as const;
  return [
    route({
      ...base,
      path,
      summary: 'The modules with their status, what each is made of, and who brings it.',
      params: OrgParams,
      query: PageQuery,
      answers: {
        200: pageSchema(
          Type.Object({
            ...Summary,
            recordTypes: Type.Array(Type.String()),
            extensions: Type.Array(Anything),
          }),
        ),
      },
      handle: async ({ caller, query }) => {
        const modules = await listModules(database, caller.org.id);
        const keyOf = (module: (typeof modules)[number]): string => String(module['qualifiedName']);
        const sorted = modules.sort((left, right) => (keyOf(left) < keyOf(right) ? -1 : 1));
        const page = pageOf(sorted, query, { keyOf, order: 'ascending', describe: (module) => module });
        return { status: 200, json: page };
      },
    }),
    route({
      ...base,
      path: `${path}/:module`,
      summary: 'One module: record types with their schemas, extensions, and configuration without secrets.',
      params: Type.Object({ org: Type.String(), module: Type.String() }),
      query: NoQuery,
      answers: {
        200: Type.Object({
          ...Summary,
          recordTypes: Type.Array(Anything),
          extensions: Type.Array(Anything),
          settings: Type.Array(Type.Object({ plugin: Type.String(), config: Anything })),
        }),
      },
      handle: async ({ caller, params }) => ({
        status: 200,
        json: await readModule(database, caller.org.id, params.module),
      }),
    }),
  ];
}
