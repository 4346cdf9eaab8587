/**
 * What the pages claim, held against the tree: ARCHITECTURE.md names files and functions, README.md names what this
 * version lacks, and pages link to each other.
 */
import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Manifest } from '../../spec/manifest.ts';
import { unsupportedParts } from '../../spec/support.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const ARCHITECTURE = readFileSync(join(ROOT, 'ARCHITECTURE.md'), 'utf8');

/** Rows `| step | file | function |` of the journeys. */
function journeySteps(): { file: string; name: string }[] {
  return [...ARCHITECTURE.matchAll(/^\|.*\| *`([^`]+\.ts)` *\| *`(\w+)` *\|$/gmu)].map(
    ([, file = '', name = '']) => ({ file, name }),
  );
}

describe('ARCHITECTURE.md', () => {
  it('tells seven journeys, step by step', () => {
    expect(ARCHITECTURE.match(/^## Journey \d/gmu)).toHaveLength(7);
    expect(journeySteps().length).toBeGreaterThan(110);
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

describe('README.md', () => {
  it('names the contributions that are refused, and no other', () => {
    const readme = readFileSync(join(ROOT, 'README.md'), 'utf8');
    const sentence = /^- Of what a manifest can contribute.*$/mu.exec(readme)?.[0].toLowerCase() ?? '';
    const fixture = readFileSync(join(ROOT, 'spec/fixtures/whole-manifest.json'), 'utf8');
    const whole = JSON.parse(fixture) as Manifest & { contributes: Record<string, unknown> };
    // The fixture leaves some kinds empty, and an empty contribution is none.
    Object.assign(whole.contributes, { modules: [{}], pages: [{}], theme: { colour: {} } });
    const refused = new Set(
      unsupportedParts(whole).flatMap(({ pointer }) => /^\/contributes\/(\w+)/u.exec(pointer)?.[1] ?? []),
    );
    const kinds = Object.keys(whole.contributes).filter((kind) => kind !== 'endpoints');
    expect(kinds.length).toBeGreaterThan(7);
    expect(kinds.filter((kind) => sentence.includes(kind))).toEqual(
      kinds.filter((kind) => refused.has(kind)),
    );
  });
});

/** Headings as they are addressed: lower case, words joined by hyphens, without other characters. */
function anchorsOf(page: string): string[] {
  const text = readFileSync(join(ROOT, page), 'utf8');
  return [...text.matchAll(/^#+ (.+)$/gmu)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replace(/[^\w\s-]/gu, '')
      .replaceAll(' ', '-'),
  );
}

describe('links between pages', () => {
  const pages = ['README.md', 'ARCHITECTURE.md', ...globSync('docs/**/*.md', { cwd: ROOT })];
  const linkedFrom = (page: string): string[] =>
    [...readFileSync(join(ROOT, page), 'utf8').matchAll(/\]\((?!https?:|#)([^)#\s]+)/gu)].map(([, target]) =>
      join(dirname(page), target ?? ''),
    );

  it.each(pages)('of %s lead somewhere', (page) => {
    expect(linkedFrom(page).filter((target) => !existsSync(join(ROOT, target)))).toEqual([]);
  });

  it.each(pages)('of %s lead to headings that are there', (page) => {
    const text = readFileSync(join(ROOT, page), 'utf8');
    const targets = [...text.matchAll(/\]\((?!https?:)([^)#\s]*)#([^)\s]+)\)/gu)];
    const missing = targets.filter(([, file, heading]) => {
      const target = file ? join(dirname(page), file) : page;
      return !anchorsOf(target).includes(heading ?? '');
    });
    expect(missing.map(([link]) => link)).toEqual([]);
  });

  it('reach every page from README.md, by one page at most', () => {
    const direct = linkedFrom('README.md');
    const sections = direct.filter((page) => page.endsWith('.md') && existsSync(join(ROOT, page)));
    const reached = new Set(['README.md', ...direct, ...sections.flatMap(linkedFrom)]);
    expect(pages.filter((page) => !reached.has(page))).toEqual([]);
  });
});
