import { build } from 'esbuild';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { createSandbox } from './index.ts';
import { createTestBed } from './testing/test-bed.ts';
import { createSourceMaps, SOURCE_MAP_LIMITS } from './source-maps.ts';

const SOURCE = `type Row = { name: string };
function check(row: Row): void {
  const unused: number = 1;
  if (row.name === '') throw new TypeError('a row without a name');
}
export default { fetch(): Response { check({ name: '' }); return new Response('' + 1); } };
`;

async function bundle(sourcemap: 'inline' | 'linked'): Promise<Map<string, Uint8Array>> {
  const { outputFiles } = await build({
    stdin: { contents: SOURCE, loader: 'ts', sourcefile: 'src/rows.ts' },
    bundle: true,
    minify: true,
    write: false,
    format: 'esm',
    sourcemap,
    outfile: 'index.js',
  });
  return new Map(outputFiles.map(({ path, contents }) => [path.split('/').pop() ?? '', contents]));
}

const ENCODER = new TextEncoder();
const filesOf = (map: unknown, code = 'x\n//# sourceMappingURL=index.js.map'): Map<string, Uint8Array> =>
  new Map([
    ['index.js', ENCODER.encode(code)],
    ['index.js.map', ENCODER.encode(typeof map === 'string' ? map : JSON.stringify(map))],
  ]);
const AT = '    at x (plugin:///index.js:1:1)';
const resolve = (files: Map<string, Uint8Array>, text = AT): string => {
  const maps = createSourceMaps();
  maps.keep('digest', files);
  return maps.resolve('digest', text);
};

test.each(['inline', 'linked'] as const)('the stack of a real error, %s map', async (sourcemap) => {
  const files = await bundle(sourcemap);
  const bed = createTestBed();
  const sandbox = await createSandbox(bed.options);
  const code = Buffer.from(files.get('index.js') ?? []).toString('utf8');
  const completion = await sandbox.call(bed.get(bed.guest({ 'index.js': code })));
  await sandbox.close();
  const stack = (completion.outcome !== 'ok' && completion.guestError?.stack) || '';
  expect(stack).toMatch(/plugin:\/\/\/index\.js:1:\d+/u);
  const resolved = resolve(files, stack);
  expect(resolved).toMatch(/src\/rows\.ts:4:30/u);
  expect(resolved).toMatch(/src\/rows\.ts:6:38/u);
  expect(resolved).not.toContain('plugin:///');
});

test('positions of packages, files and places that no map knows stay', () => {
  const maps = createSourceMaps();
  maps.keep('digest', filesOf({ version: 3, sources: ['a.ts'], mappings: 'AAAA' }));
  expect(maps.resolve('digest', AT)).toBe('    at x (a.ts:1:1)');
  expect(maps.resolve('other', AT)).toBe(AT);
  expect(maps.resolve('digest', 'plugin:///other.js:1:1')).toBe('plugin:///other.js:1:1');
  expect(maps.resolve('digest', 'plugin:///index.js:99:1')).toBe('plugin:///index.js:99:1');
  expect(maps.resolve('digest', 'plugin:///index.js:0:0')).toBe('plugin:///index.js:0:0');
});

test('a map in a folder is found from the code beside it', () => {
  const files = new Map([
    ['lib/a.js', ENCODER.encode('x\n//# sourceMappingURL=../maps/a.map\n')],
    ['maps/a.map', ENCODER.encode('{"version":3,"sources":["../src/a.ts"],"mappings":"AAAA"}')],
  ]);
  expect(resolve(files, 'plugin:///lib/a.js:1:1')).toBe('src/a.ts:1:1');
});

describe('hostile maps change nothing', () => {
  const { mapBytesMax, mappingsCharsMax, linesMax } = SOURCE_MAP_LIMITS;
  test.each<[string, unknown]>([
    ['no JSON', '{'],
    ['null', 'null'],
    ['nested without end', '['.repeat(1_000_000)],
    ['too large', ' '.repeat(mapBytesMax + 1)],
    ['too many positions', { version: 3, sources: ['a'], mappings: 'AAAA,'.repeat(mappingsCharsMax / 4) }],
    ['too many lines', { version: 3, sources: ['a'], mappings: `AAAA${';'.repeat(linesMax)}` }],
    ['positions of no alphabet', { version: 3, sources: ['a'], mappings: '\u0000é' }],
    ['a source that does not exist', { version: 3, sources: [], mappings: 'AAAA' }],
    ['a source that is no text', { version: 3, sources: [{}], mappings: 'AAAA' }],
    ['a negative source', { version: 3, sources: ['a'], mappings: 'ADAA' }],
    ['another version', { version: 4, sources: ['a'], mappings: 'AAAA' }],
  ])('%s', (_name, map) => {
    expect(resolve(filesOf(map))).toBe(AT);
  });

  test('the name of a source stays on its line and is cut', () => {
    const name = `../../a\n\u001b[31m${'b'.repeat(1_000)}`;
    const resolved = resolve(filesOf({ version: 3, sources: [name], mappings: 'AAAA' }));
    expect(resolved).toMatch(/^ {4}at x \(a\?\?\[31mb+:1:1\)$/u);
    expect(resolved.length).toBeLessThan(300);
  });

  test('any map is survived', () => {
    const map = fc.record({
      version: fc.constant(3),
      sources: fc.oneof(fc.array(fc.oneof(fc.string(), fc.jsonValue())), fc.jsonValue()),
      mappings: fc.oneof(fc.stringMatching(/^[A-Za-z0-9+/;,]*$/u), fc.jsonValue()),
    });
    fc.assert(
      fc.property(map, fc.nat(), fc.nat(), (some, line, column) => {
        expect(resolve(filesOf(some), `plugin:///index.js:${line}:${column}`)).toMatch(/:\d+:\d+$/u);
      }),
    );
  });
});

test('what is kept has a bound: the packages that were read longest ago make room', () => {
  const { keptBytesMax, mapBytesMax } = SOURCE_MAP_LIMITS;
  const maps = createSourceMaps();
  const json = JSON.stringify({ version: 3, sources: ['a.ts'], mappings: 'AAAA' });
  const padded = filesOf(json + ' '.repeat(mapBytesMax - json.length));
  for (let at = 0; at <= keptBytesMax / mapBytesMax; at++) maps.keep(`digest-${at}`, padded);
  expect(maps.resolve('digest-0', AT)).toBe(AT);
  expect(maps.resolve('digest-1', AT)).toBe('    at x (a.ts:1:1)');
});

test('reading maps takes a small share of the time: the next one waits', () => {
  let nowMs = 0;
  // Each look at the clock finds ten milliseconds gone.
  const maps = createSourceMaps(() => (nowMs += 10));
  const files = filesOf({ version: 3, sources: ['a.ts'], mappings: 'AAAA' });
  maps.keep('first', files);
  maps.keep('second', files);
  expect(maps.resolve('first', AT)).toBe('    at x (a.ts:1:1)');
  expect(maps.resolve('second', AT)).toBe(AT);
  expect(maps.resolve('first', AT)).toBe('    at x (a.ts:1:1)');
  nowMs += 10 * SOURCE_MAP_LIMITS.pauseFactor;
  expect(maps.resolve('second', AT)).toBe('    at x (a.ts:1:1)');
});
