import { expect, test } from 'vitest';

import { Refusal } from '../../spec/refusal.ts';
import type { Capability, HostCallContext } from '../ports.ts';
import { createTestBed } from '../testing/test-bed.ts';
import { createBroker } from './broker.ts';

const bed = createTestBed();
const capability = (name: string, act: Capability['act']): Capability => ({
  name,
  argumentSchema: {
    type: 'object',
    properties: { plugin: { type: 'string' } },
    required: ['plugin'],
    additionalProperties: false,
  },
  requires: ({ plugin }) => ({ name: 'plugins.call', scope: [String(plugin)] }),
  act,
});
const broker = createBroker(
  [
    capability('plugins.call', async () => 'called'),
    capability('plugins.refuse', async () => {
      throw new Refusal('plugin_not_active', { detail: 'it sleeps' });
    }),
    capability('plugins.fail', async () => {
      throw new TypeError('secret of the server at /some/path');
    }),
    capability('plugins.wander', async () => {
      throw new Refusal('permission_denied', { detail: 'it led elsewhere' });
    }),
    capability('plugins.refuseAtLength', async () => {
      throw new Refusal('plugin_not_active', {
        detail: 'x',
        extensions: { contractError: 'x'.repeat(2_000_000) },
      });
    }),
    capability('plugins.flood', async () => 'x'.repeat(2_000_000)),
  ],
  bed.options.observer,
);

async function call(name: string, text: string): Promise<{ failed: boolean; value: unknown }> {
  const context: HostCallContext = {
    guest: bed.guest({}, { grants: [{ name: 'plugins.call', scope: ['a/b'] }] }),
    caller: { kind: 'system' },
    requestId: 'r',
    chain: [],
    trigger: { kind: 'health' },
    files: [],
    deadline: performance.now() + 1_000,
    signal: new AbortController().signal,
    giveBody: () => undefined,
  };
  const answer = await broker.call(name, text, context);
  return { failed: answer.failed, value: JSON.parse(answer.text) };
}

test('a granted call is acted on', async () => {
  expect(await call('plugins.call', '{"plugin":"a/b"}')).toEqual({ failed: false, value: 'called' });
});

test.each([
  ['a capability that does not exist', 'kv.get', '{}', 'capability_unknown'],
  ['a capability named like a property of every object', 'constructor', '{}', 'capability_unknown'],
  ['a capability named __proto__', '__proto__', '{}', 'capability_unknown'],
  ['arguments that are not JSON', 'plugins.call', '{', 'arguments_invalid'],
  ['arguments that are no object', 'plugins.call', '[]', 'arguments_invalid'],
  ['an argument that is missing', 'plugins.call', '{}', 'arguments_invalid'],
  [
    'an argument that is inherited only',
    'plugins.call',
    '{"__proto__":{"plugin":"a/b"}}',
    'arguments_invalid',
  ],
  ['an argument too many', 'plugins.call', '{"plugin":"a/b","org":"other"}', 'arguments_invalid'],
  ['arguments outside of the grant', 'plugins.call', '{"plugin":"a/c"}', 'permission_denied'],
  ['a refusal of the service', 'plugins.refuse', '{"plugin":"a/b"}', 'plugin_not_active'],
  ['a fault of the service', 'plugins.fail', '{"plugin":"a/b"}', 'internal_error'],
  ['an answer that is too large', 'plugins.flood', '{"plugin":"a/b"}', 'answer_too_large'],
])('%s', async (_trick, name, text, code) => {
  expect(await call(name, text)).toMatchObject({ failed: true, value: { code } });
});

test('a fault of the service says nothing about the server', async () => {
  expect(JSON.stringify(await call('plugins.fail', '{"plugin":"a/b"}'))).not.toContain('path');
});

test.each([
  ['before it acts', 'plugins.call', '{"plugin":"x/y"}'],
  ['while it acts', 'plugins.wander', '{"plugin":"a/b"}'],
])('a call that is denied %s is reported to the observer', async (_when, name, text) => {
  expect(await call(name, text)).toMatchObject({
    value: { name: 'PermissionDenied', permission: 'plugins.call' },
  });
  expect(bed.denied).toContain(name);
});

test('what a refusal brings beside its words is left out where it is too large', async () => {
  const { value } = await call('plugins.refuseAtLength', '{"plugin":"a/b"}');
  expect(value).not.toHaveProperty('extensions');
});

test('what fails for a reason of the host is told to the host, and not to the guest', async () => {
  bed.failed.length = 0;
  const { value } = await call('plugins.fail', '{"plugin":"a/b"}');
  expect(value).toMatchObject({ code: 'internal_error', message: 'plugins.fail failed' });
  expect(bed.failed).toEqual(['plugins.fail']);
});
