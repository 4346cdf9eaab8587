/** The OpenAPI 3.1 document, made from the same table that validates (`route.ts`). */
import type { TSchema } from 'typebox';
import type { JsonObject, JsonValue } from '../../spec/json.ts';
import { SOUK_VERSION } from '../../spec/support.ts';
import type { Access } from './access.ts';
import { rateClassOf } from './rate-limits.ts';
import type { BodySpec, Route } from './route.ts';

const PROBLEM_REF = { $ref: '#/components/schemas/Problem' };

export const PROBLEM_SCHEMA: JsonObject = {
  type: 'object',
  description: 'Problem details (RFC 9457).',
  required: ['type', 'title', 'status', 'code', 'detail', 'hint', 'requestId'],
  properties: {
    type: { type: 'string', format: 'uri' },
    title: { type: 'string' },
    status: { type: 'integer' },
    code: { type: 'string', description: 'Stable; docs/errors.md lists them all.' },
    detail: { type: 'string' },
    hint: { type: 'string' },
    requestId: { type: 'string' },
    violations: {
      type: 'array',
      items: {
        type: 'object',
        required: ['pointer', 'message'],
        properties: { pointer: { type: 'string' }, message: { type: 'string' }, hint: { type: 'string' } },
      },
    },
  },
};

const IDEMPOTENCY_KEY: JsonObject = {
  name: 'Idempotency-Key',
  in: 'header',
  required: false,
  description: 'Sent again with the same request, it brings the same answer; kept for a day, for this token.',
  schema: { type: 'string', minLength: 1, maxLength: 255 },
};

const UPLOAD_CONTENT: JsonObject = {
  'multipart/form-data': {
    schema: {
      type: 'object',
      required: ['archive'],
      properties: {
        archive: { type: 'string', contentMediaType: 'application/zip', contentEncoding: 'binary' },
        envelope: {
          type: 'string',
          contentMediaType: 'application/vnd.dsse+json',
          contentEncoding: 'binary',
        },
      },
    },
  },
  'application/zip': { schema: { type: 'string', contentEncoding: 'binary' } },
};

export function openApiDocument(routes: readonly Route[]): JsonObject {
  return {
    openapi: '3.1.0',
    info: { title: 'Souk', version: SOUK_VERSION, license: { name: 'MIT', identifier: 'MIT' } },
    paths: pathsOf(routes),
    components: {
      securitySchemes: { token: { type: 'http', scheme: 'bearer', description: 'A token of Souk.' } },
      schemas: { Problem: PROBLEM_SCHEMA },
      parameters: { IdempotencyKey: IDEMPOTENCY_KEY },
    },
  };
}

function pathsOf(routes: readonly Route[]): JsonObject {
  const paths = new Map<string, JsonObject>();
  for (const route of routes) {
    const path = route.path.replaceAll(/:([a-z]+)/giu, '{$1}');
    paths.set(path, { ...paths.get(path), [route.method.toLowerCase()]: operationOf(route) });
  }
  return Object.fromEntries(paths);
}

function operationOf(route: Route): JsonObject {
  return {
    tags: [route.tag],
    summary: route.summary,
    operationId: `${route.method.toLowerCase()}${route.path.replaceAll(/[^A-Za-z]+(.)?/gu, (_all, next?: string) => (next ?? '').toUpperCase())}`,
    ...(route.access.kind === 'open'
      ? {}
      : { security: [{ token: [] }], description: accessSentence(route.access) }),
    parameters: [
      ...parametersOf(route.params, 'path'),
      ...parametersOf(route.query, 'query'),
      ...(rateClassOf(route) === 'write' ? [{ $ref: '#/components/parameters/IdempotencyKey' }] : []),
    ],
    ...bodyOf(route.body),
    responses: {
      ...answersOf(route),
      default: {
        description: 'A refusal.',
        content: { 'application/problem+json': { schema: PROBLEM_REF } },
      },
    },
  };
}

/** Who may call, in words. */
export function accessSentence(access: Exclude<Access, { kind: 'open' }>): string {
  switch (access.kind) {
    case 'signedIn':
      return access.scope === null ? 'Any token.' : `A token with the scope ${access.scope}.`;
    case 'org':
      return `A token with the scope ${access.scope}, of somebody with the role ${access.role} or higher in the organization.`;
    case 'instance':
      return 'A token of an instance admin.';
  }
}

function parametersOf(schema: TSchema, where: 'path' | 'query'): JsonValue[] {
  const { properties = {}, required = [] } = plain(schema) as {
    properties?: JsonObject;
    required?: string[];
  };
  return Object.entries(properties).map(([name, property]) => ({
    name,
    in: where,
    required: where === 'path' || required.includes(name),
    schema: property,
  }));
}

function bodyOf(body: BodySpec): JsonObject {
  if (body === 'none') return {};
  if (typeof body === 'object' && 'receive' in body)
    return { requestBody: { required: false, content: body.content } };
  const content = body === 'upload' ? UPLOAD_CONTENT : { 'application/json': { schema: plain(body) } };
  const required = typeof body === 'string' || !('default' in body);
  return { requestBody: { required, content } };
}

function answersOf(route: Route): JsonObject {
  return Object.fromEntries(
    Object.entries(route.answers).map(([status, answer]) => {
      if (answer === null) return [status, { description: 'Done; no body.' }];
      const content =
        typeof answer === 'string' ? { [answer]: {} } : { 'application/json': { schema: plain(answer) } };
      return [status, { description: 'The answer.', content }];
    }),
  );
}

/** A schema without the library's symbols. */
function plain(schema: TSchema): JsonObject {
  return JSON.parse(JSON.stringify(schema)) as JsonObject;
}
