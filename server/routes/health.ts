/** Health, metrics and the published words. */
import { Type } from 'typebox';
import { toJson } from '../http/json-answer.ts';
import { DOCS_HEADERS, docsPage } from '../http/docs-page.ts';
import { openApiDocument } from '../http/openapi.ts';
import { Registry } from 'prom-client';
import { route, type Route } from '../http/route.ts';
import type { Services } from '../services.ts';
import { isInstanceAdmin, type Principal } from '../../identity/index.ts';
import type { SandboxHealth } from '../../sandbox/index.ts';
import type { JsonValue } from '../../spec/json.ts';
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
      summary:
        'Whether requests can be served: database, runners, not shutting down. Instance admins see the runners too.',
      answers: { 200: Status },
      handle: async ({ caller }) => {
        if (isDraining()) throw new Refusal('draining', { detail: 'No new requests are taken.' });
        await services.database.ping();
        const sandbox = healthFor(caller.principal, services.sandbox.health());
        return { status: 200, json: { status: 'ready', sandbox } };
      },
    }),
    route({
      ...open,
      method: 'GET',
      path: '/metrics',
      summary:
        'Metrics in the Prometheus text format. Those that name plugins are for tokens of instance admins.',
      answers: { 200: 'text/plain' },
      handle: async ({ caller }) => {
        const { open: server, plugins } = services.metrics;
        services.metrics.runners.set(services.sandbox.health().runners.length);
        const registry = isInstanceAdmin(caller.principal) ? Registry.merge([server, plugins]) : server;
        const bytes = new TextEncoder().encode(await registry.metrics());
        return { status: 200, bytes, headers: { 'content-type': registry.contentType } };
      },
    }),
  ];
}

/** Strangers learn how well guests are held here; which runners and plugins there are is for administrators. */
function healthFor(principal: Principal | null, health: SandboxHealth): JsonValue {
  if (isInstanceAdmin(principal)) return toJson(health);
  const { level, levelSentence, unreviewed } = health;
  return { level, levelSentence, unreviewed };
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
