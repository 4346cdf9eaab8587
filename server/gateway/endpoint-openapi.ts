/** The endpoints of an organization's active plugins as an OpenAPI 3.1 document, with the schemas of their manifests. */
import type { JsonObject } from '../../spec/json.ts';
import type { Endpoint } from '../../spec/manifest.ts';
import { SOUK_VERSION } from '../../spec/support.ts';
import { PROBLEM_SCHEMA } from '../http/openapi.ts';

/** A plugin with those of its endpoints that the reader may call. */
export type ShownPlugin = {
  readonly id: string;
  readonly version: string;
  readonly endpoints: readonly Endpoint[];
};

/** @param org slug of the organization */
export function endpointsDocument(org: string, plugins: readonly ShownPlugin[]): JsonObject {
  const paths = new Map<string, JsonObject>();
  const templates = new Map<string, string>();
  for (const { id, endpoints } of plugins)
    for (const endpoint of endpoints) {
      const spelled = templateOf(endpoint.path);
      // OpenAPI 3.1, section 4.8.8: templates that differ in the names of parameters alone are the same path.
      const shape = `${id}${spelled.replaceAll(PARAMETER, '{}')}`;
      const template = templates.get(shape) ?? spelled;
      templates.set(shape, template);
      const path = `/orgs/${org}/p/${id}${template}`;
      const key = endpoint.method.toLowerCase();
      // The gateway takes the first that was declared for a method and path.
      paths.set(path, { [key]: operationOf(id, endpoint, template), ...paths.get(path) });
    }
  return {
    openapi: '3.1.0',
    info: { title: `Plugins of ${org}`, version: SOUK_VERSION },
    tags: plugins.map(({ id, version }) => ({ name: id, description: `Version ${version}` })),
    paths: Object.fromEntries(paths),
    components: {
      securitySchemes: { token: { type: 'http', scheme: 'bearer', description: 'A token of Souk.' } },
      schemas: { Problem: PROBLEM_SCHEMA },
    },
  };
}

const PARAMETER = /\{(\w+)\}/gu;

/** `/hello/:name` is `/hello/{name}`; the rest that `*` stands for is a parameter as well. */
function templateOf(path: string): string {
  return path.replaceAll(/:([A-Za-z]\w*)/gu, '{$1}').replace(/\*$/u, '{rest}');
}

/** The gateway holds a plugin's successes against its schema, and leaves its other answers as they are. */
const REFUSAL: JsonObject = {
  description:
    'What the plugin answers otherwise; problem details (RFC 9457) where Souk refuses, or the plugin failed.',
  content: {
    'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } },
    '*/*': {},
  },
};

function operationOf(
  plugin: string,
  { method, path, access = 'member', summary, request, response }: Endpoint,
  template: string,
): JsonObject {
  const names = [...template.matchAll(PARAMETER)].map(([, name]) => name ?? '');
  const content = (schema: JsonObject): JsonObject => ({ content: { 'application/json': { schema } } });
  return {
    tags: [plugin],
    operationId: `${plugin} ${method} ${path}`,
    ...(summary === undefined ? {} : { summary }),
    ...(access === 'public' ? {} : { security: [{ token: [] }], description: `For ${access}.` }),
    parameters: names.map((name) => ({ name, in: 'path', required: true, schema: { type: 'string' } })),
    ...(request ? { requestBody: { required: true, ...content(request) } } : {}),
    responses: {
      '2XX': { description: 'What the plugin answers.', ...(response ? content(response) : {}) },
      default: REFUSAL,
    },
  };
}
