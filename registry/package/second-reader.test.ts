import { createRequire } from 'node:module';
import { crc32 } from 'node:zlib';
import AdmZip from 'adm-zip';
import { expect, test } from 'vitest';
import { forgeZip } from './corpus/forge.ts';
import './second-reader.ts';

test('adm-zip sums up with the function of the engine, and still refuses content of another sum', () => {
  const utilities = createRequire(import.meta.url)('adm-zip/util/utils.js') as { crc32: unknown };
  expect(utilities.crc32).toBe(crc32);
  const read = (archive: Uint8Array): string =>
    new AdmZip(Buffer.from(archive))
      .getEntries()
      .map((entry) => entry.getData().toString())
      .join();
  expect(read(forgeZip([{ name: 'a', content: 'é' }]))).toBe('é');
  expect(() => read(forgeZip([{ name: 'a', content: 'é', both: { crc32: 1 } }]))).toThrow(/CRC/);
});
