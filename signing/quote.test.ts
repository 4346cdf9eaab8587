import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { quote } from './quote.ts';

test('property: whatever the text, the quotation is short, printable ASCII', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 300 }), (text) => {
      const quoted = quote(text);
      expect(quoted).toMatch(/^"[\u0020-\u007e…]*"$/u);
      expect(quoted.length).toBeLessThan(800);
    }),
  );
});

test('values that are no text are described', () => {
  expect([undefined, null, [1, 2], { a: 1 }, 5, true].map(quote)).toEqual([
    'nothing',
    'null',
    'an array of 2',
    'an object',
    '5',
    'true',
  ]);
});
