/** CSV files as people have them, good and bad, each with exactly what becomes of its rows. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readFile } from '../../import-kit/reading.fixture.ts';
import { readTable } from './table.ts';

const read = (file: string | Uint8Array, wish?: Parameters<typeof readFile>[2]) =>
  readFile(readTable, file, wish);
/** Row, then its data or what is wrong with it. */
const outline = async (...args: Parameters<typeof read>) =>
  (await read(...args)).rows.map(({ row, data, problems }) => [row, problems ?? data]);

const utf16 = (text: string, order: 'le' | 'be'): Uint8Array => {
  const bytes = Buffer.from(`\uFEFF${text}`, 'utf16le');
  return order === 'le' ? bytes : bytes.swap16();
};

describe('a table', () => {
  it('has rows with the numbers of a spreadsheet, and evidence by column', async () => {
    expect((await read('Name,E-Mail\nGreen,g@x.example\n\nBlue,\n')).rows).toEqual([
      {
        row: 2,
        original: { Name: 'Green', 'E-Mail': 'g@x.example' },
        data: { name: 'Green', email: 'g@x.example' },
      },
      { row: 4, original: { Name: 'Blue', 'E-Mail': '' }, data: { name: 'Blue' } },
    ]);
  });

  it.each([
    ['commas', 'name,city\r\nGreen,"Bonn, Beuel"'],
    ['semicolons', 'name;city\r\nGreen;"Bonn, Beuel"'],
    ['tabs', 'name\tcity\r\nGreen\tBonn, Beuel'],
    ['a byte order mark', '\uFEFFname,city\nGreen,"Bonn, Beuel"'],
    ['old line ends', 'name,city\rGreen,"Bonn, Beuel"\r'],
    ['mixed line ends', 'name,city\r\nGreen,"Bonn, Beuel"\n\r\n'],
    ['blank lines before it', '\n\n name , city \nGreen,"Bonn, Beuel"'],
    ['a quoted header', '"name";"city, or town; if any"\nGreen;x', [{ name: 'Green' }]],
  ])('with %s', async (_what, file, expected: object[] = [{ name: 'Green', city: 'Bonn, Beuel' }]) => {
    expect((await read(file)).rows.map(({ data }) => data)).toEqual(expected);
  });

  it.each(['le', 'be'] as const)('in UTF-16 %s', async (order) => {
    expect(await outline(utf16('name,city\nGrün,Köln 💚\n', order))).toEqual([
      [2, { name: 'Grün', city: 'Köln 💚' }],
    ]);
  });

  it.each(['windows-1252', 'latin1'])('in %s, where that is configured', async (encoding) => {
    const bytes = Buffer.from('name\nGr\u00FCn\n', 'latin1');
    expect(await outline(bytes, { options: { encoding } })).toEqual([[2, { name: 'Grün' }]]);
  });

  it('keeps quotes over lines, doubled quotes and quotes inside of text', async () => {
    const file = 'name,description\n"Green ""G"" e.V.","two\r\nlines"\nBlue "B",12" wide\n';
    expect(await outline(file)).toEqual([
      [2, { name: 'Green "G" e.V.', description: 'two\r\nlines' }],
      [3, { name: 'Blue "B"', description: '12" wide' }],
    ]);
  });

  it('keeps formulas as the text that they are', async () => {
    const cells = ['=HYPERLINK("http://x")', '@SUM(A1)', '+1', '-1', '=1+1'];
    const file = `name\n${cells.map((cell) => `"${cell.replaceAll('"', '""')}"`).join('\n')}`;
    expect((await read(file)).rows.map(({ data }) => data)).toEqual(cells.map((name) => ({ name })));
  });

  it('takes columns of other names by its mapping, and splits lists', async () => {
    const options = { columns: { Nama: 'name', Kota: 'city', Label: 'tags' } };
    expect(await outline('Nama;Kota;Label\nHijau;Bandung;air|hutan, laut', { options })).toEqual([
      [2, { name: 'Hijau', city: 'Bandung', tags: ['air', 'hutan', 'laut'] }],
    ]);
  });

  it('puts rows into the organization that was named, but for those that name one', async () => {
    const wish = { kind: 'member', options: { organization: 'green' } } as const;
    expect(await outline('name,organization\nAda,\nBo,blue', wish)).toEqual([
      [2, { name: 'Ada', organization: 'green' }],
      [3, { name: 'Bo', organization: 'blue' }],
    ]);
  });

  it('reads names that objects have by themselves', async () => {
    const { rows } = await read('name,__proto__,constructor\nGreen,a,b');
    expect(rows[0]?.data).toEqual({ name: 'Green' });
    expect(JSON.stringify(rows[0]?.original)).toBe('{"name":"Green","__proto__":"a","constructor":"b"}');
  });
});

describe('a bad row', () => {
  it.each<[string, string | Uint8Array, unknown[]]>([
    [
      'of another length',
      'name,city\nGreen\nBlue,Bonn,Ulm\nRed,Hof,\n',
      [
        [2, ['has 1 cells, and the header has 2']],
        [3, ['has 3 cells, and the header has 2']],
        [4, { name: 'Red', city: 'Hof' }],
      ],
    ],
    [
      'with a quote that is never closed',
      'name,city\nGreen,Bonn\nBlue,"Ulm\nRed,Hof\n',
      [
        [2, { name: 'Green', city: 'Bonn' }],
        [3, ['a quote is opened and never closed, so everything from here to the end is one cell']],
      ],
    ],
    [
      'whose quote is closed in a later row',
      'name,city\n"Green,Bonn\n"Blue",Ulm\nRed,Hof\n',
      [
        [2, ['cell 1 begins with a quote that is closed only in a later row, so these rows are one']],
        [3, { name: 'Red', city: 'Hof' }],
      ],
    ],
    [
      'in another encoding',
      Buffer.from('name\nGreen\nGr\u00FCn\nBlue', 'latin1'),
      [
        [2, { name: 'Green' }],
        [3, [expect.stringContaining('no characters in the encoding')]],
        [4, { name: 'Blue' }],
      ],
    ],
    [
      'with two columns that contradict each other',
      'name,city,City\nGreen,Bonn,Ulm\nBlue,Bonn,Bonn\nRed,,Hof\n',
      [
        [2, ['two columns are city and say different things: "Bonn", "Ulm"']],
        [3, { name: 'Blue', city: 'Bonn' }],
        [4, { name: 'Red', city: 'Hof' }],
      ],
    ],
    ['with U+0000, for Souk to reject', 'name,city\nA\0B,x', [[2, { name: 'A\0B', city: 'x' }]]],
  ])('%s', async (_what, file, expected) => {
    expect(await outline(file)).toEqual(expected);
  });

  it('that never ends takes no memory without bound', async () => {
    const file = `name\nGreen\n"${'x'.repeat(9 << 20)}`;
    expect(await outline(file, { pieceBytes: 160 * 1024 })).toEqual([
      [2, { name: 'Green' }],
      [3, [expect.stringContaining('longer than 8388608 bytes')]],
    ]);
  });
});

describe('a bad file', () => {
  it.each<[string, string | Uint8Array, object, string, RegExp]>([
    [
      'without what it needs',
      'city,web\nBonn,x',
      {},
      'columns_missing',
      /needs a column for "name".*"city", "web"/u,
    ],
    ['that is empty', '', {}, 'file_unreadable', /empty/u],
    ['of blank lines', '\n\n \n', {}, 'file_unreadable', /empty/u],
    ['whose header does not end', '"name,city\nGreen,Bonn', {}, 'file_unreadable', /header/u],
    ['in UTF-16 without a mark', utf16('name\nGreen', 'le').subarray(2), {}, 'file_unreadable', /UTF-16/u],
    ['with options that are none', 'name', { delimiter: '^' }, 'file_unreadable', /"delimiter" is none of/u],
    ['with options of other names', 'name', { constructor: 1 }, 'file_unreadable', /"constructor"/u],
  ])('%s', async (_what, file, options, code, message) => {
    await expect(read(file, { options: options as {} })).rejects.toMatchObject({
      code,
      message: expect.stringMatching(message),
    });
  });

  it('has its strange and doubled columns told', async () => {
    expect((await read('name,name,fax,\nGreen,,1,')).problems).toEqual([
      'Of no field of a organization and not taken: "fax", "column 4".',
      'Several columns are name: "name", "name (2)".',
    ]);
  });
});

it('whatever is written by the rules is read as it was, however it is cut', async () => {
  const signs = ['a', 'é', '💚', '"', ',', ';', '\t', '\r', '\n', ' ', '=', '\\', '\u0000'];
  const cell = fc.string({ unit: fc.constantFrom(...signs), maxLength: 12 });
  const rows = fc.array(fc.record({ name: cell, city: cell }), { minLength: 1, maxLength: 6 });
  const quoted = (text: string): string => `"${text.replaceAll('"', '""')}"`;
  await fc.assert(
    fc.asyncProperty(
      rows,
      fc.integer({ min: 3, max: 60 }),
      fc.constantFrom(',', ';', '\t'),
      async (all, pieceBytes, sign) => {
        const sound = all.filter(({ name }) => name.trim() !== '');
        const lines = sound.map(({ name, city }) => [name, city].map(quoted).join(sign));
        const { rows: found } = await read(['name' + sign + 'city', ...lines].join('\n'), { pieceBytes });
        const seen = found.map(({ original }) => original);
        expect(seen).toEqual(sound);
      },
    ),
    { numRuns: 40 },
  );
});
