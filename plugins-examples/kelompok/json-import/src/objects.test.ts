/** JSON files as people have them, good and bad, each with exactly what becomes of its rows. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readFile } from '../../import-kit/reading.fixture.ts';
import { readObjects } from './objects.ts';

const read = (file: string | Uint8Array, wish?: Parameters<typeof readFile>[2]) =>
  readFile(readObjects, file, wish);
/** Row, then its data or what is wrong with it. */
const outline = async (...args: Parameters<typeof read>) =>
  (await read(...args)).rows.map(({ row, data, problems }) => [row, problems ?? data]);

describe('a file', () => {
  it.each([
    ['of lines', '\uFEFF{"name":"Green"}\r\n\n{"Name":"Blue","id":7,"tags":["a"],"city":null}\n', [1, 3]],
    ['of one array', ' [{"name":"Green"},\n {"Name":"Blue","id":7,"tags":"a"}\n]\n', [1, 2]],
  ])('%s', async (_what, file, [first, second]) => {
    expect(await outline(file)).toEqual([
      [first, { name: 'Green' }],
      [second, { name: 'Blue', externalId: '7', tags: ['a'] }],
    ]);
  });

  it('keeps the object as it stood, and tells members that it does not know', async () => {
    const { rows, problems } = await read('{"name":"Green","__proto__":{"x":1},"constructor":2}');
    expect(JSON.stringify(rows[0]?.original)).toBe('{"name":"Green","__proto__":{"x":1},"constructor":2}');
    expect(problems).toEqual(['Of no field of a organization and not taken: "__proto__", "constructor".']);
  });

  it('without rows is one', async () => {
    expect(await read('[]')).toEqual({ rows: [], problems: [] });
  });
});

describe('what is broken', () => {
  const deep = `{"name":${'['.repeat(100_000)}${']'.repeat(100_000)}}`;
  it.each<[string, string, unknown[], string[]]>([
    [
      'in the middle of lines',
      '{"name":"Green"}\n{"name":"Bl\n7\nnull\n[1]\n{"name":"Red"}',
      [
        [1, { name: 'Green' }],
        [2, ['is not JSON']],
        [3, ['is no object with members']],
        [4, ['is no object with members']],
        [5, ['is no object with members']],
        [6, { name: 'Red' }],
      ],
      [],
    ],
    [
      'in the middle of an array',
      '[{"name":"Green"},{"name":},,{"name":"B"]},{"name":"a\\"],["},{"name":"x"}]',
      [
        [1, { name: 'Green' }],
        [2, ['is not JSON']],
        [3, ['is empty']],
        [4, ['is not JSON']],
        [5, { name: 'a"],[' }],
        [6, { name: 'x' }],
      ],
      [],
    ],
    [
      'where the file was cut off',
      '[{"name":"Green"},{"name":"Bl',
      [
        [1, { name: 'Green' }],
        [2, ['is not JSON']],
      ],
      [expect.stringContaining('not closed')],
    ],
    [
      'after the end',
      '[{"name":"Green"}] {"name":"Blue"}',
      [[1, { name: 'Green' }]],
      [expect.stringContaining('more')],
    ],
    [
      'by nesting',
      `${deep}\n{"name":"Green"}`,
      [
        [1, ['nests deeper than 64 levels']],
        [2, { name: 'Green' }],
      ],
      [],
    ],
    [
      'by saying two things',
      '{"mail":"a@x","email":"b@x"}',
      [[1, ['two members are email and say different things']]],
      [],
    ],
  ])('%s', async (_what, file, expected, problems) => {
    expect(await outline(file, { pieceBytes: 5_000 })).toEqual(expected);
    expect((await read(file, { pieceBytes: 4_999 })).problems).toEqual(problems);
  });

  it('says that a file is empty', async () => {
    await expect(read(' \n')).rejects.toMatchObject({ code: 'file_unreadable' });
  });

  it('gives up a line that never ends, and reads the next', async () => {
    const file = `{"name":"${'x'.repeat(9 << 20)}"}\n{"name":"Green"}`;
    expect(await outline(file, { pieceBytes: 160 * 1024 })).toEqual([
      [1, ['is longer than 8388608 characters']],
      [2, { name: 'Green' }],
    ]);
  });
});

it.each(['array', 'lines'])('whatever is JSON is read as it was, however it is cut: %s', async (form) => {
  const signs = ['a', 'é', '💚', '"', ',', '{', '}', '[', ']', '\r', '\n', ' ', '\\', '\u0000'];
  const text = fc.string({ unit: fc.constantFrom(...signs), maxLength: 8 });
  const value = fc.oneof(text, fc.integer(), fc.constant(null), fc.array(text), fc.dictionary(text, text));
  const rows = fc.array(fc.dictionary(text, value), { maxLength: 5 });
  await fc.assert(
    fc.asyncProperty(rows, fc.integer({ min: 1, max: 30 }), async (all, pieceBytes) => {
      const texts = all.map((each) => JSON.stringify(each));
      const file = form === 'array' ? `[${texts.join(' ,\n')}]` : `${texts.join('\n')}\n`;
      fc.pre(file !== '\n');
      const { rows: found } = await read(file, { pieceBytes });
      expect(found.map(({ original }) => JSON.stringify(original))).toEqual(
        texts.map((each) => JSON.stringify(JSON.parse(each))),
      );
    }),
    { numRuns: 60 },
  );
});
