import { afterAll, beforeAll, expect, test } from 'vitest';
import { agreesWithNode } from '../../runner/testing/oracle.ts';
import { openWebIsolate, type WebIsolate } from '../../runner/testing/web-isolate.ts';

let isolate: WebIsolate;
beforeAll(async () => {
  isolate = await openWebIsolate();
});
afterAll(() => isolate.close());

import fc from 'fast-check';

const hexOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
const GUEST_BYTES = `const bytesOf = (hex) => Uint8Array.from(hex.match(/../g) ?? [], (pair) => parseInt(pair, 16));
  const hexOf = (bytes) => [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('');`;

const LABELS = ['utf-8', 'utf-16le', 'utf-16be', 'windows-1252'];

test('decodes any bytes as the standard does, whole and in pieces', async () => {
  const piece = fc.uint8Array({ maxLength: 12 });
  // Bytes that begin and continue characters, so that broken ones are frequent.
  const crooked = fc.array(
    fc.constantFrom(
      0x41,
      0x80,
      0xbf,
      0xc3,
      0xa9,
      0xe2,
      0x82,
      0xed,
      0xa0,
      0xf0,
      0x9f,
      0x98,
      0xef,
      0xbb,
      0xfe,
      0xff,
      0xd8,
      0xdc,
    ),
    { maxLength: 12 },
  );
  const inputs = fc.sample(
    fc.array(
      fc.oneof(
        piece,
        crooked.map((bytes) => Uint8Array.from(bytes)),
      ),
      { maxLength: 4 },
    ),
    { numRuns: 400, seed: 5 },
  );
  const hexes = inputs.map((pieces) => pieces.map(hexOf));
  const program = (label: string): string => `${GUEST_BYTES}
    return ${JSON.stringify(hexes)}.map((pieces) => {
      const decoder = new TextDecoder('${label}');
      const streamed = pieces.map((piece) => decoder.decode(bytesOf(piece), { stream: true })).join('') + decoder.decode();
      let fatal; try { fatal = new TextDecoder('${label}', { fatal: true, ignoreBOM: true }).decode(bytesOf(pieces.join(''))); } catch (error) { fatal = error.name; }
      return [streamed, fatal];
    });`;
  for (const label of LABELS) {
    const node = inputs.map((pieces) => {
      const decoder = new TextDecoder(label);
      const streamed =
        pieces.map((bytes) => decoder.decode(bytes, { stream: true })).join('') + decoder.decode();
      return [streamed, decodeFatally(label, Buffer.concat(pieces))];
    });
    expect(await isolate.run(program(label)), label).toEqual(node);
  }
});

function decodeFatally(label: string, bytes: Uint8Array): string {
  try {
    return new TextDecoder(label, { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (error) {
    return (error as Error).name;
  }
}

test('encodes any text as the standard does', async () => {
  const texts = fc
    .sample(fc.string({ unit: 'binary', maxLength: 20 }), { numRuns: 300, seed: 7 })
    .concat(['\ud800', 'a\udc00b', '\ud83d\ude00']);
  const guest = await isolate.run(`${GUEST_BYTES} return ${JSON.stringify(texts)}.map((text) => {
    const target = new Uint8Array(7); const { read, written } = new TextEncoder().encodeInto(text, target);
    return [hexOf(new TextEncoder().encode(text)), read, written, hexOf(target)];
  });`);
  const node = texts.map((text) => {
    const target = new Uint8Array(7);
    const { read, written } = new TextEncoder().encodeInto(text, target);
    return [hexOf(new TextEncoder().encode(text)), read, written, hexOf(target)];
  });
  expect(guest).toEqual(node);
});

agreesWithNode(() => isolate, {
  'labels are trimmed and folded': `return [' UTF8 ', 'Latin1', 'utf-16', 'unicodeFFFE', 'ascii'].map((label) => new TextDecoder(label).encoding);`,
  'an unknown label': `return new TextDecoder('x-none');`,
  'a label of NUL': `return new TextDecoder('utf-8\\0');`,
  'decoding a string': `return new TextDecoder().decode('abc');`,
  'a view of a part of a buffer': `return new TextDecoder().decode(new DataView(new Uint8Array([65, 66, 67, 68]).buffer, 1, 2));`,
  'only the first byte order mark goes': `return new TextDecoder().decode(new Uint8Array([0xef, 0xbb, 0xbf, 0xef, 0xbb, 0xbf, 65])).length;`,
  'encodeInto a wrong target': `return new TextEncoder().encodeInto('a', new Uint16Array(2));`,
  'a megabyte of text survives': `
    const text = 'ä€😀x'.repeat(60000); return new TextDecoder().decode(new TextEncoder().encode(text)) === text;`,
});

const SINGLE_BYTE = [
  'ibm866',
  'iso-8859-2',
  'iso-8859-15',
  'koi8-u',
  'windows-1250',
  'windows-1251',
  'macintosh',
];
/** The same greeting, or nearly, where it can be said. */
const MULTI_BYTE = {
  big5: 'b3dfa741a66e',
  'euc-jp': 'a4b3a4f3a4cba4c1a4cf',
  'euc-kr': 'bec8b3e7c7cfbcbcbfe4',
  gb18030: 'c4e3bac381308130',
  gbk: 'c4e3bac380',
  'iso-2022-jp': '1b2442244324531b2842',
  shift_jis: '82b182f182c982bf82cd',
};

agreesWithNode(() => isolate, {
  'the upper half of encodings of one byte': `const bytes = Uint8Array.from({ length: 128 }, (_, index) => index + 128);
    return ${JSON.stringify(SINGLE_BYTE)}.map((label) => { const decoder = new TextDecoder(label); return [decoder.encoding, decoder.decode(bytes)]; });`,
  'encodings of more bytes, whole and byte by byte': `${GUEST_BYTES} const all = [];
    for (const [label, hex] of Object.entries(${JSON.stringify(MULTI_BYTE)})) { const bytes = bytesOf(hex); const decoder = new TextDecoder(label, { fatal: true }); let text = ''; for (const byte of bytes) text += decoder.decode(Uint8Array.of(byte), { stream: true }); all.push([decoder.encoding, new TextDecoder(label).decode(bytes), text + decoder.decode()]); } return all;`,
  'what is cut off in a foreign encoding': `const all = []; for (const label of ['shift_jis', 'gbk', 'big5']) { const bytes = Uint8Array.of(65, 0x82); all.push(new TextDecoder(label).decode(bytes)); try { all.push(new TextDecoder(label, { fatal: true }).decode(bytes)); } catch (error) { all.push(error.name); } } return all;`,
  'a decoder that failed begins anew': `const decoder = new TextDecoder('shift_jis', { fatal: true }); const seen = []; try { decoder.decode(Uint8Array.of(0x82), { stream: true }); decoder.decode(); } catch (error) { seen.push(error.name); } return [...seen, decoder.decode(Uint8Array.of(0x82, 0xb1))];`,
  'labels of foreign encodings': `return [' Windows-1250 ', 'latin2', 'sjis', 'x-gbk', 'csbig5', 'ks_c_5601-1987', 'cp866', 'x-mac-cyrillic'].map((label) => new TextDecoder(label).encoding);`,
  'a label for which there is no decoder': `return new TextDecoder('iso-2022-kr');`,
});

test('a decoder says which label it does not know', async () => {
  await expect(isolate.run(`return new TextDecoder('utf-7');`)).rejects.toThrow(
    'RangeError: The encoding label "utf-7"',
  );
});
