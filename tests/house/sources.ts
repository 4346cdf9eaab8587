/** The sources that ship, and what they import: static, dynamic and type-only, with a TypeScript parser. */
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseSync } from 'oxc-parser';

const ROOT = join(import.meta.dirname, '..', '..');
const HOUSES = '{spec,signing,database,identity,registry,services,sandbox,server,cli,sdk,demo,migrations}';

export type Import = { readonly from: string; readonly to: string };

export const readSource = (file: string): string => readFileSync(join(ROOT, file), 'utf8');

export function sourceFiles(): string[] {
  return globSync(`${HOUSES}/**/*.ts`, { cwd: ROOT })
    .filter((file) => !file.includes('node_modules') && !isTestFile(file))
    .sort();
}

/** Tests reach across houses to set a scene; the arrows bind what ships, as the test host for authors does. */
function isTestFile(file: string): boolean {
  if (file.startsWith('sdk/testing/')) return file.endsWith('.test.ts');
  return file.endsWith('.test.ts') || /(^|\/)(testing|fixtures|corpus|support)(\/|\.ts$)/u.test(file);
}

/** @param file relative to the root, as in the answer; `to` is as written */
export function importsOf(file: string): Import[] {
  const text = readSource(file);
  const { module } = parseSync(file, text);
  const written = [
    ...module.staticImports.map((entry) => entry.moduleRequest.value),
    ...module.staticExports.flatMap((entry) =>
      entry.entries.flatMap((item) => item.moduleRequest?.value ?? []),
    ),
    ...module.dynamicImports.map((entry) =>
      text.slice(entry.moduleRequest.start + 1, entry.moduleRequest.end - 1),
    ),
  ];
  return written.map((to) => ({ from: file, to }));
}
