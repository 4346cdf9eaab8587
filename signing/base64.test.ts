import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { decodeBase64, encodeBase64 } from './base64.ts';

test('property: bytes read back, and no other text gives the same bytes', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 50 }), fc.string({ maxLength: 8 }), (bytes, text) => {
      expect(decodeBase64(encodeBase64(bytes))).toEqual(bytes);
      const decoded = decodeBase64(text);
      if (decoded) expect(encodeBase64(decoded)).toBe(text);
    }),
  );
});

test.each(['=', 'A', 'AA', 'AAA', 'AB==', 'AAB=', 'AAAA=', 'AA-_', ' AAAA', 'AAAA\n', 'AA=A', 'ＡＡＡＡ'])(
  '%j is refused',
  (text) => {
    expect(decodeBase64(text)).toBeUndefined();
  },
);
