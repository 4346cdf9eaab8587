import { globSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { ERROR_CODES } from './error-codes.ts';

it('has each code in one table alone, so that it says the same wherever it is thrown', async () => {
  const files = globSync('*.ts', { cwd: join(import.meta.dirname, 'errors') });
  const modules: object[] = await Promise.all(files.map((file) => import(`./errors/${file}`)));
  const entries = modules
    .flatMap((module) => Object.values(module))
    .flatMap((table: object) => Object.entries(table));
  const codes: Readonly<Record<string, unknown>> = ERROR_CODES;
  expect(new Set(entries.map(([code]) => code))).toEqual(new Set(Object.keys(codes)));
  expect(entries.filter(([code, entry]) => codes[code] !== entry)).toEqual([]);
});
