/** The route table and the OpenAPI document say the same, and every address answers as the document promises. */
import { beforeAll, describe, expect, it } from 'vitest';
import { allRoutes } from '../../server/app.ts';
import type { Services } from '../../server/services.ts';
import type { Answer } from '../support/http-client.ts';
import { testSouk } from '../support/test-souk.ts';
import { ERROR_CODES } from '../../spec/error-codes.ts';

const souk = await testSouk();

/** The table is made without calling anything of the services: they are needed when a route is. */
const nothing: unknown = new Proxy(() => undefined, { get: () => nothing });
const routes = allRoutes(nothing as Services, () => false);

type Operation = {
  readonly operationId: string;
  readonly security?: unknown;
  readonly responses: Readonly<Record<string, unknown>>;
  readonly parameters: readonly { readonly name: string; readonly in: string }[];
};
let operations: ReadonlyMap<string, Operation>;

beforeAll(async () => {
  const { json } = await souk.anyone.get('/openapi.json');
  const entries = Object.entries<Record<string, Operation>>(json.paths).flatMap(([path, item]) =>
    Object.entries(item).map(
      ([method, operation]) => [`${method.toUpperCase()} ${path}`, operation] as const,
    ),
  );
  operations = new Map(entries);
});

const described = ({ method, path }: { method: string; path: string }): string =>
  `${method} ${path.replaceAll(/:([a-z]+)/giu, '{$1}')}`;

describe('the OpenAPI document', () => {
  it('has every route of the table, and no other', () => {
    expect(routes.length).toBeGreaterThan(50);
    expect([...operations.keys()].sort()).toEqual(routes.map(described).sort());
  });

  it('names each operation once, and each parameter of its path', () => {
    const ids = [...operations.values()].map(({ operationId }) => operationId);
    expect(new Set(ids).size).toBe(ids.length);
    for (const [name, { parameters }] of operations) {
      const inPath = parameters
        .filter((parameter) => parameter.in === 'path')
        .map((parameter) => parameter.name);
      const named = [...name.matchAll(/\{([a-z]+)\}/giu)].map(([, parameter]) => parameter);
      expect(inPath.sort(), name).toEqual(named.sort());
    }
  });

  it('asks for a token exactly where the table does', () => {
    for (const route of routes)
      expect(operations.get(described(route))?.security !== undefined, described(route)).toBe(
        route.access.kind !== 'open',
      );
  });
});

describe('every address', () => {
  const addressOf = (path: string): string => path.replaceAll(/:[a-z]+/giu, 'none');
  const expectProblem = (answer: Answer, what: string): void => {
    expect(answer.headers.get('content-type'), what).toBe('application/problem+json');
    const entry = Object.entries(ERROR_CODES).find(([code]) => code === answer.json.code)?.[1];
    expect([entry?.status, entry?.title], what).toEqual([answer.status, answer.json.title]);
    expect(answer.json.requestId, what).toBe(answer.headers.get('x-request-id'));
  };

  it('that needs a token refuses who has none, before it looks at anything else', async () => {
    for (const route of routes.filter(({ access }) => access.kind !== 'open')) {
      const answer = await souk.anyone.sendJson(route.method, addressOf(route.path), undefined);
      expect([described(route), answer.status, answer.json.code]).toEqual([
        described(route),
        401,
        'authentication_required',
      ]);
      expectProblem(answer, described(route));
    }
  });

  it('takes no other method than the table says, and names those it takes', async () => {
    for (const path of new Set(routes.map((route) => route.path))) {
      const methods = routes
        .filter((route) => route.path === path)
        .flatMap(({ method }) => (method === 'GET' ? ['GET', 'HEAD'] : method));
      const answer = await souk.anyone.send('OPTIONS', addressOf(path));
      expect([path, answer.status, answer.headers.get('allow')]).toEqual([path, 405, methods.join(', ')]);
      expectProblem(answer, path);
    }
  });

  it('answers what is not there with a problem of the table, never with a fault', async () => {
    for (const route of routes.filter(({ method }) => method === 'GET')) {
      const answer = await souk.admin.get(addressOf(route.path));
      if (answer.status !== 200) expectProblem(answer, described(route));
      expect(answer.status, described(route)).toBeOneOf([200, 400, 404]);
    }
  });

  it('takes no hostile parameter for a fault', async () => {
    const hostile = ['__proto__', 'constructor', '%00', '..%2f..', 'x'.repeat(3_000), '%ff', "'--", '☃'];
    for (const value of hostile) {
      for (const route of routes.filter(({ path }) => path.includes(':'))) {
        const path = route.path.replaceAll(/:[a-z]+/giu, value);
        const body = ['GET', 'DELETE'].includes(route.method) ? undefined : {};
        const answer = await souk.admin.sendJson(route.method, path, body);
        expect(answer.status, `${route.method} ${path.slice(0, 120)} ${answer.text}`).toBeLessThan(500);
      }
    }
  });

  it('that nobody made is not there', async () => {
    const answer = await souk.anyone.get('/api/v2/everything');
    expect([answer.status, answer.json.code]).toEqual([404, 'not_found']);
    expectProblem(answer, 'an unknown address');
  });
});
