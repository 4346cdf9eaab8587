/** Puts the route table on a Hono app: access first, then the request, then the handler, then the answer. */
import type { Context, Hono } from 'hono';
import { Refusal } from '../../spec/refusal.ts';
import type { HttpMethod } from '../../spec/permission.ts';
import { admit, type AccessPorts } from './access.ts';
import type { Answer, Route } from './route.ts';

export type AppEnv = { Variables: { requestId: string; route: string } };

export function mountRoutes(app: Hono<AppEnv>, routes: readonly Route[], ports: AccessPorts): void {
  for (const route of routes)
    app.on(route.method, route.path, (context) => answerRoute(context, route, ports));
  for (const [path, methods] of methodsByPath(routes))
    app.all(path, (context) => refuseMethod(context, methods));
}

async function answerRoute(context: Context<AppEnv>, route: Route, ports: AccessPorts): Promise<Response> {
  context.set('route', route.path);
  const raw = context.req.raw;
  const params = context.req.param() as Record<string, string>;
  const caller = await admit(ports, route.access, raw.headers.get('authorization'), params['org']);
  const read = await route.read(raw, params);
  const answer = await route.handle({ ...read, caller, requestId: context.get('requestId'), raw });
  return toResponse(answer);
}

function toResponse(answer: Answer): Response {
  if (answer.status === 204) return new Response(null, { status: 204 });
  if ('bytes' in answer)
    return new Response(answer.bytes as BodyInit, { status: answer.status, headers: answer.headers });
  const headers = { 'content-type': 'application/json', 'cache-control': 'no-store', ...answer.headers };
  return new Response(JSON.stringify(answer.json), { status: answer.status, headers });
}

type BodyInit = ConstructorParameters<typeof Response>[0];

function methodsByPath(routes: readonly Route[]): Map<string, HttpMethod[]> {
  const methods = new Map<string, HttpMethod[]>();
  for (const { path, method } of routes) methods.set(path, [...(methods.get(path) ?? []), method]);
  return methods;
}

function refuseMethod(context: Context<AppEnv>, methods: readonly HttpMethod[]): never {
  throw new Refusal('method_not_allowed', {
    detail: `${context.req.method.slice(0, 20)} is not taken here.`,
    extensions: { allow: methods.join(', ') },
  });
}
