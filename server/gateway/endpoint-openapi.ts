/** The endpoints of an organization's active plugins as an OpenAPI 3.1 document, with the schemas of their manifests. */
import type { JsonObject } from '../../spec/json.ts';
import type { Endpoint } from '../../spec/manifest.ts';
import { SOUK_VERSION } from '../../spec/support.ts';

/** A plugin with those of its endpoints that the reader may call. */
export type ShownPlugin = {
  readonly id: string;
  readonly version: string;
  readonly endpoints: readonly Endpoint[];
};

/** @param org slug of the organization */
export function endpointsDocument(org: string, plugins: readonly ShownPlugin[]): JsonObject {
  const paths = new Map<string, JsonObject>();
  for (const { id, endpoints } of plugins)
    for (const endpoint of endpoints) {
      const path = `/orgs/${org}/p/${id}${templateOf(endpoint.path)}`;
      const key = endpoint.method.toLowerCase();
      // The gateway takes the first that was declared for a method and path.
      paths.set(path, { [key]: operationOf(id, endpoint), ...paths.get(path) });
    }
  return {
    openapi: '3.1.0',
    info: { title: `Plugins of ${org}`, version: SOUK_VERSION },
    tags: plugins.map(({ id, version }) => ({ name: id, description: `Version ${version}` })),
    paths: Object.fromEntries(paths),
    components: {
      securitySchemes: { token: { type: 'http', scheme: 'bearer', description: 'A token of Souk.' } },
    },
  };
}

/** `/hello/:name` is `/hello/{name}`; the rest that `*` stands for is a parameter as well. */
function templateOf(path: string): string {
  return path.replaceAll(/:([A-Za-z]\w*)/gu, '{$1}').replace(/\*$/u, '{rest}');
}

function operationOf(
  plugin: string,
  { method, path, access = 'member', summary, request, response }: Endpoint,
): JsonObject {
  const names = [...templateOf(path).matchAll(/\{(\w+)\}/gu)].map(([, name]) => name ?? '');
  const content = (schema: JsonObject): JsonObject => ({ content: { 'application/json': { schema } } });
  return {
    tags: [plugin],
    operationId: `${plugin} ${method} ${path}`,
    ...(summary === undefined ? {} : { summary }),
    ...(access === 'public' ? {} : { security: [{ token: [] }], description: `For ${access}.` }),
    parameters: names.map((name) => ({ name, in: 'path', required: true, schema: { type: 'string' } })),
    ...(request ? { requestBody: { required: true, ...content(request) } } : {}),
    responses: {
      default: { description: 'What the plugin answers.', ...(response ? content(response) : {}) },
    },
  };
}
