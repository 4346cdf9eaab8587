import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { ErrorCode } from '../spec/error-codes.ts';
import {
  addSignature,
  formatEnvelope,
  parseEnvelope,
  preAuthenticationEncoding,
  signEnvelope,
} from './envelope.ts';
import { bytesOf, keyOf, refusalOf } from './testing.fixture.ts';

const TYPE = 'application/x-test';
const PAYLOAD = bytesOf('{"a":1}');
const GOOD = formatEnvelope(signEnvelope(TYPE, PAYLOAD, [keyOf(1)]));

/** protocol.md of DSSE v1.0.2, "Test Vectors". */
test('the encoding of the DSSE test vector', () => {
  const encoding = preAuthenticationEncoding('http://example.com/HelloWorld', bytesOf('hello world'));
  expect(Buffer.from(encoding).toString()).toBe('DSSEv1 29 http://example.com/HelloWorld 11 hello world');
});

test('lengths count bytes, not characters', () => {
  expect(Buffer.from(preAuthenticationEncoding('é', bytesOf('ü'))).toString()).toBe('DSSEv1 2 é 2 ü');
});

test('property: what was written is read back, and a second signature keeps the first', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 100 }), (payload) => {
      const signed = addSignature(signEnvelope(TYPE, payload, [keyOf(1)]), keyOf(2));
      expect(parseEnvelope(bytesOf(formatEnvelope(signed)), TYPE)).toEqual(signed);
      expect(signed.signatures.map(({ keyId }) => keyId)).toEqual([
        keyOf(1).publicKey.id,
        keyOf(2).publicKey.id,
      ]);
    }),
    { numRuns: 10 },
  );
});

test('a key that signs again replaces its signature', () => {
  const again = addSignature(signEnvelope(TYPE, PAYLOAD, [keyOf(1)]), keyOf(1));
  expect(again.signatures).toHaveLength(1);
});

function seventeen(): string {
  const document = JSON.parse(GOOD);
  document.signatures = Array.from({ length: 17 }, () => document.signatures[0]);
  return JSON.stringify(document);
}

type Loose = Record<string, unknown> & { signatures: [Record<string, unknown>] };

function changed(change: (document: Loose) => void): string {
  const document = JSON.parse(GOOD) as Loose;
  change(document);
  return JSON.stringify(document);
}

describe('refused envelopes', () => {
  const cases: [string, ErrorCode, string | Uint8Array][] = [
    ['empty', 'envelope_invalid', ''],
    ['not-json', 'envelope_invalid', 'DSSE'],
    ['an-array', 'envelope_invalid', '[]'],
    ['null', 'envelope_invalid', 'null'],
    ['byte-order-mark', 'envelope_invalid', `\uFEFF${GOOD}`],
    ['not-utf-8', 'envelope_invalid', Uint8Array.from([0x7b, 0xff, 0x7d])],
    ['trailing-comma', 'envelope_invalid', GOOD.replace('}]}', '}],}')],
    ['comment', 'envelope_invalid', `/* */${GOOD}`],
    ['two-documents', 'envelope_invalid', GOOD + GOOD],
    ['duplicate-payload', 'envelope_invalid', GOOD.replace('{', '{"payload":"",')],
    ['duplicate-by-escape', 'envelope_invalid', GOOD.replace('{', '{"paylo\\u0061d":"",')],
    ['proto-member', 'envelope_invalid', GOOD.replace('{', '{"__proto__":{},')],
    ['unknown-member', 'envelope_invalid', changed((document) => (document['extra'] = 1))],
    [
      'unknown-member-in-signature',
      'envelope_invalid',
      changed((document) => (document.signatures[0]['cert'] = 'x')),
    ],
    ['member-missing', 'envelope_invalid', changed((document) => delete document['payload'])],
    [
      'inherited-member',
      'envelope_invalid',
      '{"payloadType":"application/x-test","payload":"","constructor":[]}',
    ],
    ['keyid-missing', 'envelope_invalid', changed((document) => delete document.signatures[0]['keyid'])],
    [
      'keyid-malformed',
      'envelope_invalid',
      changed((document) => (document.signatures[0]['keyid'] = 'ed25519:AB')),
    ],
    ['payload-not-text', 'envelope_invalid', changed((document) => (document['payload'] = 5))],
    ['base64-unpadded', 'envelope_invalid', changed((document) => (document['payload'] = 'e30'))],
    ['base64-url', 'envelope_invalid', changed((document) => (document['payload'] = '_-8='))],
    [
      'base64-line-break',
      'envelope_invalid',
      changed((document) => (document['payload'] = 'eyJh\nIjoxfQ==')),
    ],
    ['base64-loose-bits', 'envelope_invalid', changed((document) => (document['payload'] = 'e31='))],
    ['nested-deeply', 'envelope_invalid', '['.repeat(100_000) + ']'.repeat(100_000)],
    [
      'other-type',
      'envelope_payload_type_wrong',
      changed((document) => (document['payloadType'] = 'text/plain')),
    ],
    [
      'type-in-other-case',
      'envelope_payload_type_wrong',
      changed((document) => (document['payloadType'] = TYPE.toUpperCase())),
    ],
    [
      'no-signature',
      'envelope_signatures_missing',
      changed((document) => Object.assign(document, { signatures: [] })),
    ],
    ['seventeen-signatures', 'envelope_signatures_too_many', seventeen()],
    [
      'million-signatures',
      'envelope_invalid',
      changed((document) => Object.assign(document, { signatures: Array(1e6).fill(0) })),
    ],
    ['too-large', 'envelope_too_large', new Uint8Array(4 * 1024 * 1024 + 1)],
  ];

  test.each(cases)('%s', (_, code, document) => {
    const bytes = typeof document === 'string' ? bytesOf(document) : document;
    refusalOf(code, () => parseEnvelope(bytes, TYPE));
  });
});
