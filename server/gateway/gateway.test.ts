import { beforeEach, expect, test } from 'vitest';
import type { Caller, Guest } from '../../sandbox/index.ts';
import type { Endpoint } from '../../spec/manifest.ts';
import { codeOf } from '../../tests/support/refusals.ts';
import { createGateway, type GatewayPorts, type GatewayRequest } from './gateway.ts';

const GUEST: Guest = {
  installationId: 'installation-1',
  org: { id: 'org-1', slug: 'kampung' },
  plugin: { id: 'acme/sum', version: '1.0.0' },
  digest: 'digest-1',
  main: 'index.js',
  tier: 'reviewed',
  grants: [],
  revision: '1',
  config: {},
  dependencies: [],
};
const PATHS = { '/sum': 'public', '/members': 'member' } as const;
const steps: string[] = [];
let caller: Caller;
let prepared: Promise<void>;

beforeEach(() => {
  steps.length = 0;
  caller = { kind: 'anonymous' };
  prepared = Promise.resolve();
});

/** @returns a gateway in front of one plugin whose endpoints take numbers */
function gatewayTo(): ReturnType<typeof createGateway> {
  const endpoints = Object.entries(PATHS).map(([path, access]): Endpoint => ({
    method: 'POST',
    path,
    access,
    request: { type: 'number' },
  }));
  endpoints.push({ method: 'POST', path: '/raw', access: 'public' });
  const ports: GatewayPorts = {
    find: () => ({ guest: GUEST, endpoints, actions: new Map(), active: 'yes', standstill: null }),
    identify: () => caller,
    prepare: async ({ digest }) => {
      steps.push(`prepare ${digest}`);
      await prepared;
      steps.push('prepared');
    },
    run: async () => {
      steps.push('run');
      const usage = { cpuMs: 0, wallMs: 0, hostCalls: 0, cold: false };
      return { outcome: 'ok', usage, value: null, response: { status: 204, headers: [], body: null } };
    },
    answerRefused: () => expect.unreachable(),
  };
  return createGateway(ports);
}

function post(path: string, body: string): GatewayRequest {
  const bytes = async (): Promise<Uint8Array> => {
    steps.push('body');
    return Buffer.from(body);
  };
  return {
    method: 'POST',
    origin: 'http://souk.test',
    pathname: `/orgs/kampung/p/acme/sum${path}`,
    search: '',
    headers: [['content-type', 'application/json']],
    readBody: bytes,
    openBody: bytes,
    signal: new AbortController().signal,
  };
}

test('the first call of a version has its code loaded before its body is judged, later ones have not', async () => {
  const gateway = gatewayTo();
  expect((await gateway(post('/sum', '1'), 'a')).status).toBe(204);
  expect(steps.splice(0)).toEqual(['body', 'prepare digest-1', 'prepared', 'run']);
  expect((await gateway(post('/sum', '1'), 'b')).status).toBe(204);
  expect(steps).toEqual(['body', 'run']);
});

test('a body that breaks the schema is refused all the same, and nothing runs', async () => {
  expect(await codeOf(() => gatewayTo()(post('/sum', '"x"'), 'a'))).toBe('request_invalid');
  expect(steps).toEqual(['body', 'prepare digest-1', 'prepared']);
});

test('whoever may not call does not have anything loaded', async () => {
  expect(await codeOf(() => gatewayTo()(post('/members', '1'), 'a'))).toBe('authentication_required');
  expect(steps).toEqual([]);
});

test('an endpoint without a schema is called at once', async () => {
  expect((await gatewayTo()(post('/raw', '1'), 'a')).status).toBe(204);
  expect(steps).toEqual(['body', 'run']);
});
