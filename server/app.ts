/** The HTTP application of the server's own API: ids and metrics around everything, the route table, problems at the end. */
import { randomUUID } from 'node:crypto';
import { Hono, type Context } from 'hono';
import { recordRequest } from './http/record-request.ts';
import { mountRoutes, type AppEnv } from './http/mount.ts';
import { asRefusal, problemResponse } from './http/problem.ts';
import type { Route } from './http/route.ts';
import { auditRoutes } from './routes/audit.ts';
import { catalogueRoutes } from './routes/catalogue.ts';
import { commandRoutes } from './routes/commands.ts';
import { orgOpenApiRoutes } from './routes/org-openapi.ts';
import { contractRoutes } from './routes/contracts.ts';
import { healthRoutes, specRoutes } from './routes/health.ts';
import { identityRoutes } from './routes/identity.ts';
import { importRoutes } from './routes/imports.ts';
import { installationRoutes } from './routes/installations.ts';
import { jobRoutes } from './routes/jobs.ts';
import { keyRoutes } from './routes/keys.ts';
import { moduleRoutes } from './routes/modules.ts';
import { mailRoutes } from './routes/mail.ts';
import { packageRoutes } from './routes/packages.ts';
import { pluginEventRoutes } from './routes/plugin-events.ts';
import { recordRoutes } from './routes/records.ts';
import { requestRoutes } from './routes/plugin-requests.ts';
import { scheduleRoutes } from './routes/schedules.ts';
import { secretRoutes } from './routes/secrets.ts';
import { maintenanceRoutes } from './routes/maintenance.ts';
import type { Services } from './services.ts';
import { Refusal } from '../spec/refusal.ts';

export type Draining = () => boolean;

export function createApp(services: Services, isDraining: Draining): Hono<AppEnv> {
  const app = new Hono<AppEnv>();
  app.use(async (context, next) => {
    const startedMs = performance.now();
    context.set('requestId', randomUUID());
    context.set('route', 'none');
    await next();
    finish(services, context, startedMs);
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
    ...jobRoutes(services),
    ...scheduleRoutes(services),
    ...pluginEventRoutes(services),
    ...requestRoutes(services),
    ...secretRoutes(services),
    ...contractRoutes(services),
    ...orgOpenApiRoutes(services),
    ...commandRoutes(services),
    ...moduleRoutes(services),
    ...mailRoutes(services),
    ...recordRoutes(services),
    ...importRoutes(services),
    ...auditRoutes(services),
    ...maintenanceRoutes(services),
  ];
  return routes;
}

function finish(services: Services, context: Context<AppEnv>, startedMs: number): void {
  const { method, path } = context.req;
  const { status } = context.res;
  const requestId = context.get('requestId');
  if (!context.res.headers.has('x-request-id')) context.res.headers.set('x-request-id', requestId);
  recordRequest(services, { method, path, route: context.get('route'), status, requestId, startedMs });
}

function refuse({ logFailed }: Services, error: unknown, context: Context<AppEnv>): Response {
  const refusal = asRefusal(error);
  const requestId = context.get('requestId');
  logFailed(refusal, requestId);
  return problemResponse(refusal, requestId);
}
