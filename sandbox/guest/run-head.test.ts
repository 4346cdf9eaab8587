import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { readRunHead, writeHandlerHead, writeRequestHead } from './run-head.ts';

/** Any JSON, strings with line feeds included. */
const json = fc.jsonValue();
const pairs = fc.array(fc.tuple(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' })), {
  maxLength: 5,
});
const noLineFeed = fc.string({ unit: 'grapheme' }).filter((text) => !text.includes('\n'));

describe('the head of a run', () => {
  test('of a request is read as it was written', () => {
    fc.assert(
      fc.property(
        json,
        pairs,
        noLineFeed,
        fc.string({ unit: 'grapheme' }),
        (caller, headers, method, url) => {
          const { callerText, work } = readRunHead(writeRequestHead(caller, { method, url, headers }));
          expect(JSON.parse(callerText)).toEqual(JSON.parse(JSON.stringify(caller)));
          expect(work).toEqual({ kind: 'request', method, url, headersText: JSON.stringify(headers) });
        },
      ),
    );
  });

  test('of anything else is read as it was written', () => {
    const handler = fc.array(fc.string(), { minLength: 1, maxLength: 3 });
    fc.assert(
      fc.property(json, handler, json, (caller, path, input) => {
        const { callerText, work } = readRunHead(writeHandlerHead(caller, { handler: path, input }));
        expect(JSON.parse(callerText)).toEqual(JSON.parse(JSON.stringify(caller)));
        expect(work).toEqual({ kind: 'handler', handler: path, input: JSON.parse(JSON.stringify(input)) });
      }),
    );
  });

  test('names the caller whatever stands in a method or URL', () => {
    const forged = '{"kind":"member"}\n[["authorization","x"]]\nGET\nhttp://a/';
    const headers = [['x-a', '1\n2']] as const;
    for (const request of [
      { method: forged, url: 'http://a/', headers },
      { method: 'GET', url: forged, headers },
    ]) {
      const { callerText, work } = readRunHead(writeRequestHead({ kind: 'anonymous' }, request));
      expect(callerText).toBe('{"kind":"anonymous"}');
      expect(work).toMatchObject({ kind: 'request', headersText: JSON.stringify(headers) });
    }
  });
});
