import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';

const ROOT = join(import.meta.dirname, '..');

test('a module with JSX passes the settings that souk init gives', () => {
  const folder = mkdtempSync(join(tmpdir(), 'souk-jsx-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
  const settings = { extends: join(ROOT, 'sdk/plugin.tsconfig.json'), include: ['*.tsx'] };
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(settings));
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }');
  const lines = ['/** @jsxImportSource hono/jsx */', 'export const page = <p>Hello</p>;'];
  writeFileSync(join(folder, 'index.tsx'), lines.join('\n'));
  const tsc = join(ROOT, 'node_modules/typescript/bin/tsc');
  expect(execFileSync(process.execPath, [tsc, '--project', folder], { encoding: 'utf8' })).toBe('');
});
