import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { decodeProtectedHeader } from 'jose';
import { expect, it } from 'vitest';
import { parseKeyRing } from './key-ring.ts';
import { seal, unseal } from './sealing.ts';

const text = (): string => randomBytes(32).toString('base64url');
const [first, second] = [text(), text()];
const ring = parseKeyRing(first);
const place = { org: 'o', installation: 'i', plugin: 'a/b', name: 'token' };

it('any text opens to itself, and is nowhere in what is stored', async () => {
  await fc.assert(
    fc.asyncProperty(fc.string({ unit: 'binary', minLength: 4 }), async (value) => {
      const sealed = await seal(ring, place, value);
      expect(await unseal(ring, place, sealed)).toBe(value);
      expect(sealed.sealed).not.toContain(value);
    }),
    { numRuns: 30 },
  );
});

it('is an envelope that names its key, with a fresh content key each time', async () => {
  const [one, other] = [await seal(ring, place, 'same'), await seal(ring, place, 'same')];
  expect(decodeProtectedHeader(one.sealed)).toMatchObject({
    alg: 'A256GCMKW',
    enc: 'A256GCM',
    kid: one.keyId,
    ...place,
  });
  expect(one.sealed.split('.')[1]).not.toBe(other.sealed.split('.')[1]);
});

it.each(['org', 'installation', 'plugin', 'name'] as const)('does not open for another %s', async (key) => {
  const sealed = await seal(ring, place, 'value');
  await expect(unseal(ring, { ...place, [key]: 'other' }, sealed)).rejects.toThrow('another place');
});

it('does not open once a character of it is another', async () => {
  const { sealed, keyId } = await seal(ring, place, 'value');
  for (const [at, part] of sealed.split('.').entries()) {
    const parts = sealed.split('.');
    parts[at] = (part.startsWith('A') ? 'B' : 'A') + part.slice(1);
    await expect(unseal(ring, place, { sealed: parts.join('.'), keyId })).rejects.toThrow('does not open');
  }
});

it('opens under an earlier key, and not without it', async () => {
  const sealed = await seal(ring, place, 'value');
  expect(await unseal(parseKeyRing(`${second} ${first}`), place, sealed)).toBe('value');
  await expect(unseal(parseKeyRing(second), place, sealed)).rejects.toThrow('not here');
});
