import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { parseKeyRing } from './key-ring.ts';

const key = randomBytes(32);
const earlier = randomBytes(32);

describe('a key ring', () => {
  it('has the first key as the current one, and opens with every key', () => {
    const ring = parseKeyRing(`${key.toString('base64url')}\n${earlier.toString('base64')}\n`);
    expect(Buffer.from(ring.current.bytes)).toEqual(key);
    expect([...ring.byId.values()].map(({ bytes }) => Buffer.from(bytes))).toEqual([key, earlier]);
    expect(ring.current.id).toMatch(/^mk:[0-9a-f]{16}$/u);
  });

  it('names a key alike in either alphabet', () => {
    const ids = [key.toString('base64'), key.toString('base64url')].map(
      (text) => parseKeyRing(text).current.id,
    );
    expect(new Set(ids).size).toBe(1);
  });

  it.each([
    ['nothing', ''],
    ['blank lines', ' \n\n'],
    ['31 bytes', randomBytes(31).toString('base64url')],
    ['33 bytes', randomBytes(33).toString('base64url')],
    ['hexadecimal', key.toString('hex')],
    ['a password', 'correct horse battery staple'],
    ['a broken key after a good one', `${key.toString('base64')} broken`],
  ])('is not read from %s, which the refusal does not repeat', (_name, text) => {
    const refusal = (() => {
      try {
        return parseKeyRing(text);
      } catch (error) {
        return error;
      }
    })() as { code: string; message: string };
    expect(refusal.code).toBe('master_key_invalid');
    for (const part of text.split(/\s+/u).filter((word) => word.length > 5)) {
      expect(refusal.message).not.toContain(part);
    }
  });
});
