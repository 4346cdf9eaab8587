/** ARCHITECTURE.md names files and functions; each must be where it says. So must the links between the pages of the docs. */
import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';

const ROOT = join(import.meta.dirname, '..', '..');
const ARCHITECTURE = readFileSync(join(ROOT, 'ARCHITECTURE.md'), 'utf8');

/** Rows `| step | file | function |` of the three journeys. */
function journeySteps(): { file: string; name: string }[] {
  return [...ARCHITECTURE.matchAll(/^\|.*\| *`([^`]+\.ts)` *\| *`(\w+)` *\|$/gmu)].map(
    ([, file = '', name = '']) => ({ file, name }),
  );
}

describe('ARCHITECTURE.md', () => {
  it('tells three journeys, step by step', () => {
    expect(ARCHITECTURE.match(/^## Journey \d/gmu)).toHaveLength(3);
    expect(journeySteps().length).toBeGreaterThan(50);
  });

  it.each(journeySteps())('$file defines $name', ({ file, name }) => {
    const source = readFileSync(join(ROOT, file), 'utf8');
    expect(source).toMatch(
      new RegExp(`(function|class|const|async)\\s+${name}\\b|^  (async )?${name}\\(`, 'mu'),
    );
  });

  it('names only files and folders that exist', () => {
    const paths = [...ARCHITECTURE.matchAll(/`([a-z][\w.-]*\/[\w./-]*)`/gu)].map(([, path]) => path ?? '');
    expect(paths.length).toBeGreaterThan(60);
    expect(paths.filter((path) => !existsSync(join(ROOT, path)))).toEqual([]);
  });
});

describe('links between pages', () => {
  const pages = ['README.md', 'ARCHITECTURE.md', ...globSync('docs/**/*.md', { cwd: ROOT })];
  it.each(pages)('of %s lead somewhere', (page) => {
    const text = readFileSync(join(ROOT, page), 'utf8');
    const targets = [...text.matchAll(/\]\((?!https?:|#)([^)#\s]+)/gu)].map(([, target]) => target ?? '');
    expect(targets.filter((target) => !existsSync(join(ROOT, dirname(page), target)))).toEqual([]);
  });
});
