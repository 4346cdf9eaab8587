/** The HTTP application: ids and metrics around everything, the gateway, the route table, problems at the end. */
import { randomUUID } from 'node:crypto';
import { Hono, type Context } from 'hono';
import { createGateway } from './gateway/gateway.ts';
import { mountRoutes, type AppEnv } from './http/mount.ts';
import { asRefusal, problemResponse } from './http/problem.ts';
import type { Route } from './http/route.ts';
import { auditRoutes } from './routes/audit.ts';
import { catalogueRoutes } from './routes/catalogue.ts';
import { healthRoutes, specRoutes } from './routes/health.ts';
import { identityRoutes } from './routes/identity.ts';
import { installationRoutes } from './routes/installations.ts';
import { keyRoutes } from './routes/keys.ts';
import { packageRoutes } from './routes/packages.ts';
import { requestRoutes } from './routes/plugin-requests.ts';
import { gatewayPorts } from './runtime/gateway-ports.ts';
import { upkeepRoutes } from './routes/upkeep.ts';
import type { Services } from './services.ts';
import { Refusal } from '../spec/refusal.ts';

export type Draining = () => boolean;

export function createApp(services: Services, isDraining: Draining): Hono<AppEnv> {
  const app = new Hono<AppEnv>();
  const gateway = createGateway(gatewayPorts(services));
  app.use(async (context, next) => {
    const startedMs = performance.now();
    context.set('requestId', randomUUID());
    context.set('route', 'none');
    await next();
    finish(services, context, startedMs);
  });
  app.all('/orgs/*', (context) => {
    context.set('route', '/orgs/*');
    return gateway(context.req.raw, context.get('requestId'));
  });
  mountRoutes(app, allRoutes(services, isDraining), services);
  app.notFound((context) =>
    problemResponse(
      new Refusal('not_found', { detail: 'No route has this address.' }),
      context.get('requestId'),
    ),
  );
  app.onError((error, context) => refuse(services, error, context));
  return app;
}

/** The whole table, which is also what `/openapi.json` describes. */
export function allRoutes(services: Services, isDraining: Draining): readonly Route[] {
  const routes: Route[] = [
    ...healthRoutes(services, isDraining),
    ...specRoutes(() => routes),
    ...identityRoutes(services),
    ...keyRoutes(services),
    ...packageRoutes(services),
    ...catalogueRoutes(services),
    ...installationRoutes(services),
    ...requestRoutes(services),
    ...auditRoutes(services),
    ...upkeepRoutes(services),
  ];
  return routes;
}

function finish({ metrics, log }: Services, context: Context<AppEnv>, startedMs: number): void {
  const { method } = context.req;
  const { status } = context.res;
  const route = context.get('route');
  const requestId = context.get('requestId');
  const elapsedMs = performance.now() - startedMs;
  if (!context.res.headers.has('x-request-id')) context.res.headers.set('x-request-id', requestId);
  metrics.requests.inc({ method, route, status });
  metrics.requestSeconds.observe({ route }, elapsedMs / 1000);
  log.debug({ method, path: context.req.path, status, ms: Math.round(elapsedMs), requestId }, 'request');
}

function refuse({ log }: Services, error: unknown, context: Context<AppEnv>): Response {
  const refusal = asRefusal(error);
  const requestId = context.get('requestId');
  if (refusal.entry.kind === 'fault')
    log.error({ err: refusal.cause ?? refusal, requestId }, 'request failed');
  return problemResponse(refusal, requestId);
}
