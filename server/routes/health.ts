/** Health, metrics and the published words. */
import { Type } from 'typebox';
import { toJson } from '../http/json-answer.ts';
import { DOCS_HEADERS, docsPage } from '../http/docs-page.ts';
import { openApiDocument } from '../http/openapi.ts';
import { route, type Route } from '../http/route.ts';
import type { Services } from '../services.ts';
import { PERMISSION_CATALOGUE } from '../../spec/permission.ts';
import { Refusal } from '../../spec/refusal.ts';
import manifestSchema from '../../spec/schemas/manifest-v1.schema.json' with { type: 'json' };
import { NoParams, NoQuery } from './schemas.ts';

const open = {
  access: { kind: 'open' },
  rate: 'unlimited',
  params: NoParams,
  query: NoQuery,
  body: 'none',
  tag: 'health',
} as const;
const Status = Type.Object({ status: Type.String() }, { additionalProperties: true });

export function healthRoutes(services: Services, isDraining: () => boolean): Route[] {
  return [
    route({
      ...open,
      method: 'GET',
      path: '/livez',
      summary: 'Whether the process answers.',
      answers: { 200: Status },
      handle: async () => ({ status: 200, json: { status: 'ok' } }),
    }),
    route({
      ...open,
      method: 'GET',
      path: '/readyz',
      summary: 'Whether requests can be served: database, runners, not shutting down.',
      answers: { 200: Status },
      handle: async () => {
        if (isDraining()) throw new Refusal('draining', { detail: 'No new requests are taken.' });
        await services.database.ping();
        return { status: 200, json: { status: 'ready', sandbox: toJson(services.sandbox.health()) } };
      },
    }),
    route({
      ...open,
      method: 'GET',
      path: '/metrics',
      summary: 'Metrics in the Prometheus text format.',
      answers: { 200: 'text/plain' },
      handle: async () => ({
        status: 200,
        bytes: new TextEncoder().encode(await services.metrics.registry.metrics()),
        headers: { 'content-type': services.metrics.registry.contentType },
      }),
    }),
  ];
}

/** @param routes the whole table, this file's routes included */
export function specRoutes(routes: () => readonly Route[]): Route[] {
  const spec = { ...open, rate: 'read', tag: 'spec' } as const;
  return [
    route({
      ...spec,
      method: 'GET',
      path: '/openapi.json',
      summary: 'This document.',
      answers: { 200: 'application/json' },
      handle: async () => ({ status: 200, json: openApiDocument(routes()) }),
    }),
    route({
      ...spec,
      method: 'GET',
      path: '/docs',
      summary: 'The same for people.',
      answers: { 200: 'text/html' },
      handle: async () => ({
        status: 200,
        bytes: new TextEncoder().encode(docsPage(routes())),
        headers: DOCS_HEADERS,
      }),
    }),
    route({
      ...spec,
      method: 'GET',
      path: '/spec/manifest-v1.schema.json',
      summary: 'JSON Schema of manifest.json, version 1.',
      answers: { 200: 'application/schema+json' },
      handle: async () => ({
        status: 200,
        json: manifestSchema,
        headers: { 'content-type': 'application/schema+json', 'cache-control': 'public, max-age=3600' },
      }),
    }),
    route({
      ...spec,
      method: 'GET',
      path: '/spec/permissions-v1.json',
      summary: 'The permission catalogue.',
      answers: { 200: 'application/json' },
      handle: async () => ({ status: 200, json: JSON.parse(JSON.stringify(PERMISSION_CATALOGUE)) }),
    }),
  ];
}
