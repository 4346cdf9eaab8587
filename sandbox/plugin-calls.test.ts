/** What one plugin may ask of another, from the broker to the run that is begun. */
import { expect, test } from 'vitest';
import type { JsonValue } from '../spec/json.ts';
import { createBroker } from './broker/broker.ts';
import { pluginCallCapability, type CallTarget } from './plugin-calls.ts';
import type { GuestRequest, HostCallContext, Invocation } from './ports.ts';
import { createTestBed } from './testing/test-bed.ts';

const bed = createTestBed();
const target: CallTarget = {
  guest: bed.guest({}, { plugin: { id: 'kelompok/other', version: '1.0.0' } }),
  active: 'yes',
  endpoints: [],
};
const guest = bed.guest(
  {},
  { dependencies: ['kelompok/other'], grants: [{ name: 'plugins.call', scope: ['kelompok/other'] }] },
);
const context: HostCallContext = {
  guest,
  caller: { kind: 'anonymous' },
  requestId: 'request',
  chain: [],
  trigger: { kind: 'health' },
  files: [],
  deadline: performance.now() + 60_000,
  signal: new AbortController().signal,
  giveBody: () => {},
};

/** Calls, and tells what was matched with the endpoints and what the other plugin got. */
async function call(more: Record<string, JsonValue>): Promise<{
  readonly answer: JsonValue;
  readonly matched: readonly string[];
  readonly got: GuestRequest | undefined;
}> {
  const matched: string[] = [];
  let got: GuestRequest | undefined;
  const capability = pluginCallCapability({
    find: async () => target,
    requireEndpoint: (_target, _method, pathname) => matched.push(pathname),
    run: async ({ trigger }: Invocation) => {
      got = trigger.kind === 'endpoint' ? trigger.request : undefined;
      const usage = { cpuMs: 0, wallMs: 0, hostCalls: 0, cold: false };
      return { outcome: 'ok', response: { status: 204, headers: [], body: null }, value: null, usage };
    },
  });
  const args = JSON.stringify({ id: 'kelompok/other', path: '/', ...more });
  const { text } = await createBroker([capability], bed.options.observer).call('plugins.call', args, context);
  return { answer: JSON.parse(text) as JsonValue, matched, got };
}

test.each(['/a?b#c', '//evil.example/a', '//[', '/..//x', '/\\\\evil/a', '/%2e%2e/a', '/\t/a', '/@evil/a'])(
  'the path %j is matched with the endpoints as the other plugin gets it',
  async (path) => {
    const { matched, got } = await call({ path });
    const url = new URL(String(got?.url));
    expect([url.host, url.pathname]).toEqual(['plugin', matched[0]]);
  },
);

test.each([
  ['a line break in a value', [['x-a', 'b\r\nc: d']]],
  ['a line break in a name', [['x-a\r\nb', 'c']]],
  ['a character beyond Latin-1', [['x-a', '\u0100']]],
])('a header with %s is refused', async (_trick, headers) => {
  const { answer, got } = await call({ headers });
  expect([answer, got]).toEqual([expect.objectContaining({ code: 'arguments_invalid' }), undefined]);
});

test('headers that speak for the host or for its connections do not cross', async () => {
  const headers = [
    ['Cookie', 'a=b'],
    ['X-Forwarded-Prefix', '/forged'],
    ['X-Souk-Caller', 'forged'],
    ['Transfer-Encoding', 'chunked'],
    ['X-Mine', 'kept'],
  ];
  expect((await call({ headers })).got?.headers).toEqual([['x-mine', 'kept']]);
});
