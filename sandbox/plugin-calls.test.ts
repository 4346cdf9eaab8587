/** What one plugin may ask of another, from the broker to the run that is begun. */
import { expect, test } from 'vitest';
import type { JsonValue } from '../spec/json.ts';
import { createBroker } from './broker/broker.ts';
import { compileGuestSchema } from '../spec/guest-validator.ts';
import { pluginCallCapability, type CalledEndpoint, type CallTarget } from './plugin-calls.ts';
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
async function call(
  more: Record<string, JsonValue>,
  endpoint: CalledEndpoint = { checkRequest: null, checkResponse: null },
): Promise<{
  readonly answer: JsonValue;
  readonly matched: readonly string[];
  readonly got: GuestRequest | undefined;
  readonly refused: readonly string[];
}> {
  const matched: string[] = [];
  const refused: string[] = [];
  let got: GuestRequest | undefined;
  const capability = pluginCallCapability({
    find: async () => target,
    requireEndpoint: (_target, _method, pathname) => {
      matched.push(pathname);
      return endpoint;
    },
    answerRefused: (_guest, _requestId, why) => refused.push(why),
    run: async ({ trigger }: Invocation) => {
      got = trigger.kind === 'endpoint' ? trigger.request : undefined;
      const usage = { cpuMs: 0, wallMs: 0, hostCalls: 0, cold: false };
      const body = Buffer.from('{"sum":3}');
      return { outcome: 'ok', response: { status: 200, headers: [], body }, value: null, usage };
    },
  });
  const args = JSON.stringify({ id: 'kelompok/other', path: '/', ...more });
  const { text } = await createBroker([capability], bed.options.observer).call('plugins.call', args, context);
  return { answer: JSON.parse(text) as JsonValue, matched, got, refused };
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

const sumOf = (type: string): CalledEndpoint => {
  const properties = { sum: { type } };
  const schema = compileGuestSchema({ type: 'object', required: ['sum'], properties });
  return { checkRequest: schema, checkResponse: schema };
};
const JSON_HEADERS = [['content-type', 'application/json']];

test.each([
  ['of another type', '{"sum":"3"}', JSON_HEADERS, 'request_invalid'],
  ['that is not JSON', '{"sum":', JSON_HEADERS, 'body_not_json'],
  ['that does not say what it is', '{"sum":3}', [], 'media_type_unsupported'],
])('a body %s does not reach an endpoint whose schema it breaks', async (_what, body, headers, code) => {
  const { answer, got } = await call({ method: 'POST', body, headers }, sumOf('integer'));
  expect([answer, got]).toEqual([expect.objectContaining({ code }), undefined]);
});

test('a body that fits crosses, and so does the answer', async () => {
  const more = { method: 'POST', body: '{"sum":3}', headers: JSON_HEADERS };
  const { answer, got } = await call(more, sumOf('integer'));
  expect([answer, got?.body?.toString()]).toEqual([expect.objectContaining({ status: 200 }), '{"sum":3}']);
});

test('an answer that breaks the schema of its endpoint does not cross, and is told', async () => {
  const { checkResponse } = sumOf('string');
  const { answer, refused } = await call({}, { checkRequest: null, checkResponse });
  expect(answer).toEqual(expect.objectContaining({ code: 'plugin_run_failed' }));
  expect(refused).toEqual([expect.stringContaining('/sum')]);
});
