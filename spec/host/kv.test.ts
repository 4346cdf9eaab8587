import { Ajv2020 } from 'ajv/dist/2020.js';
import { expect, it } from 'vitest';
import type { JsonObject, JsonValue } from '../json.ts';
import { kvCapabilities, type KeyValueStore, type KvNamespace } from './kv.ts';

const context = { guest: { installationId: 'i', org: { id: 'o' } } };

function capabilitiesOver(store: Partial<KeyValueStore>) {
  return new Map(kvCapabilities(store as KeyValueStore).map((each) => [each.name, each]));
}

it('asks for the permission kv, and takes its namespace from the run alone', async () => {
  const seen: [KvNamespace, readonly string[]][] = [];
  const capabilities = capabilitiesOver({
    getMany: async (namespace, keys) => {
      seen.push([namespace, keys]);
      return [{ key: 'a', value: 1, version: 5 }];
    },
  });
  for (const capability of capabilities.values()) expect(capability.requires({})).toEqual({ name: 'kv' });
  const ask = (name: string, args: JsonObject): Promise<JsonValue> | undefined =>
    capabilities.get(name)?.act(args, context);
  expect(await ask('kv.get', { key: 'a', orgId: 'other' })).toBe(1);
  expect(await ask('kv.getEntry', { key: 'a' })).toEqual({ value: 1, version: 5 });
  expect(await ask('kv.getMany', { keys: ['a'] })).toEqual([['a', 1]]);
  expect(seen).toEqual(Array.from({ length: 3 }, () => [{ orgId: 'o', installationId: 'i' }, ['a']]));
});

it.each([
  ['kv.get', { key: 1 }],
  ['kv.get', {}],
  ['kv.get', { key: 'a', more: 1 }],
  ['kv.getMany', { keys: 'a' }],
  ['kv.set', { key: 'a' }],
  ['kv.set', { key: 'a', value: 1, ttlMs: '1' }],
  ['kv.compareAndSet', { key: 'a', value: 1 }],
  ['kv.list', { limit: 'all' }],
] as const)('%s does not take %j', (name, args) => {
  const schema = capabilitiesOver({}).get(name)?.argumentSchema ?? {};
  expect(new Ajv2020().validate(schema, args)).toBe(false);
});

it('answers a comparison with whether it was stored', async () => {
  const capabilities = capabilitiesOver({ set: async () => ({ kind: 'conflict', version: 9 }) });
  const answer = await capabilities.get('kv.compareAndSet')?.act({ key: 'a', version: 8, value: 1 }, context);
  expect(answer).toEqual({ stored: false, version: 9 });
});
