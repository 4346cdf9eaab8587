/** No test gives up early: what it waits for comes late where the machine has much to do. */
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import config from '../../vitest.config.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const WAIT_MS_MIN = 20_000;
const files = globSync('**/*.test.ts', { cwd: ROOT, exclude: ['**/node_modules/**'] }).sort();

/** The text of each call of a function that waits, with its arguments. */
function waitsIn(text: string): string[] {
  return [...text.matchAll(/(?:vi\.wait(?:For|Until)|\.poll)\(/gu)].map(({ index }) => {
    let depth = 0;
    for (let end = text.indexOf('(', index); end < text.length; end += 1) {
      if (text[end] === '(') depth += 1;
      if (text[end] === ')' && (depth -= 1) === 0) return text.slice(index, end + 1);
    }
    return text.slice(index);
  });
}

/** The time that a call names as its last argument or as an option of it, NaN where it names a constant. */
function limitMsOf(call: string): number | undefined {
  const named = /\btimeout: ([\w]+)/u.exec(call)?.[1] ?? /,\s*(\w+),?\s*\)$/u.exec(call)?.[1];
  return named === undefined ? undefined : Number(named.replaceAll('_', ''));
}

describe('waiting', () => {
  it('is for long by default', () => {
    expect(config.test?.expect?.poll?.timeout).toBeGreaterThanOrEqual(WAIT_MS_MIN);
  });

  it('is never for less where a test says how long', () => {
    const short = files.flatMap((file) =>
      waitsIn(readFileSync(join(ROOT, file), 'utf8'))
        // The default of `vi.waitFor`, a second, can only be changed at each call.
        .filter((call) => (limitMsOf(call) ?? (call.startsWith('.poll') ? Infinity : 0)) < WAIT_MS_MIN)
        .map((call) => `${file}: ${call.replaceAll(/\s+/gu, ' ').slice(0, 120)}`),
    );
    expect(short).toEqual([]);
  });
});
