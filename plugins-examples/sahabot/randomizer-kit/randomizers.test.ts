/** The nine games: every setting leaves seeds that can be won, and the same wish is the same game. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Host, Plugin } from 'souk/sdk';
import alttpr from '../alttpr/src/index.ts';
import aosr from '../aosr/src/index.ts';
import ctjets from '../ctjets/src/index.ts';
import ffr from '../ffr/src/index.ts';
import ootr from '../ootr/src/index.ts';
import sm from '../sm/src/index.ts';
import smb3r from '../smb3r/src/index.ts';
import smz3 from '../smz3/src/index.ts';
import z1r from '../z1r/src/index.ts';
import { canonicalJson, randomFrom } from './random.ts';

type Made = { seed: string; hash: string; settings: object; spoiler?: { items?: Record<string, string> } };
type Schema = {
  properties: Record<string, { enum?: unknown[]; type?: string; minimum?: number; maximum?: number }>;
};

/** A plugin that stands alone: no presets, no keys, nobody who opens rooms. */
const host = {
  plugin: { id: 'sahabot/test', version: '1.0.0' },
  config: { apiUrl: 'http://localhost', apiVersion: '1' },
  log: { warn: () => undefined },
  secrets: { get: () => Promise.resolve(null) },
} as unknown as Host;

const ask = (plugin: Plugin, action: string, input: object) =>
  plugin.contracts?.['seed-generator@1']?.[action]?.(input as never, host) as Promise<Made>;

describe.each(Object.entries({ alttpr, aosr, ctjets, ffr, ootr, sm, smb3r, smz3, z1r }))(
  '%s',
  (_id, plugin) => {
    const described = () =>
      ask(plugin, 'describeSettings', {}) as unknown as Promise<{
        settings: Schema;
        presets: { name: string; settings: object }[];
      }>;

    it('makes the same game of the same wish, and another of another seed', async () => {
      const wish = { settings: {}, seed: 'weekly-12', spoilers: true };
      const [first, again] = [await ask(plugin, 'generate', wish), await ask(plugin, 'generate', wish)];
      expect(again).toEqual(first);
      expect((await ask(plugin, 'generate', { ...wish, seed: 'weekly-13' })).hash).not.toBe(first.hash);
      expect((await ask(plugin, 'generate', { ...wish, spoilers: false })).spoiler).toBeUndefined();
    });

    it('makes each of its presets', async () => {
      for (const { name } of (await described()).presets) {
        const { hash } = await ask(plugin, 'generate', { settings: {}, preset: name, seed: 'x' });
        expect(hash).toMatch(/^[0-9a-f]{16}$/u);
      }
    });

    it('has a seed that can be won for whatever is chosen', async () => {
      const { properties } = (await described()).settings;
      const choices = Object.fromEntries(
        Object.entries(properties).map(([name, schema]) => [name, choicesOf(schema)]),
      );
      await fc.assert(
        fc.asyncProperty(fc.record(choices, { requiredKeys: [] }), fc.uuid(), async (settings, seed) => {
          expect((await ask(plugin, 'generate', { settings, seed })).seed).toBe(seed);
        }),
        { numRuns: 60 },
      );
    });

    it('refuses what it does not have, and says which', async () => {
      const wish = ask(plugin, 'generate', { settings: { constructor: 1, nonsense: true }, seed: 'x' });
      await expect(wish).rejects.toMatchObject({ code: 'settings_invalid' });
      const unknown = ask(plugin, 'generate', { settings: {}, preset: '__proto__' });
      await expect(unknown).rejects.toMatchObject({ code: 'preset_unknown' });
    });
  },
);

function choicesOf({
  enum: values,
  type,
  minimum,
  maximum,
}: Schema['properties'][string]): fc.Arbitrary<unknown> {
  if (values) return fc.constantFrom(...values);
  if (type === 'boolean') return fc.boolean();
  if (type === 'integer') return fc.integer({ min: minimum ?? 0, max: maximum ?? 9 });
  if (type === 'number') return fc.double({ min: minimum ?? 0, max: maximum ?? 9, noNaN: true });
  return fc.constant(undefined);
}

it('a number is as likely as the others', async () => {
  const random = await randomFrom('likely');
  const rolls = Array.from({ length: 12_000 }, () => random.below(6));
  for (const face of [0, 1, 2, 3, 4, 5]) {
    const share = rolls.filter((roll) => roll === face).length / rolls.length;
    expect(Math.abs(share - 1 / 6)).toBeLessThan(0.02);
  }
});

it('the order of members changes nothing', () => {
  expect(canonicalJson({ b: [{ d: 1, c: 2 }], a: null })).toBe(
    canonicalJson({ a: null, b: [{ c: 2, d: 1 }] }),
  );
});
