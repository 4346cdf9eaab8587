import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { run } from './main.ts';

export type Ran = { readonly exitCode: number; readonly out: string; readonly error: string };
export type Souk = (...argv: string[]) => Promise<Ran>;

/** A folder of its own for one test, and the command run in it. */
export function workshop(environment: Readonly<Record<string, string>> = {}): { folder: string; souk: Souk } {
  const folder = mkdtempSync(join(tmpdir(), 'souk-cli-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return { folder, souk: soukIn(folder, environment) };
}

/** @param environment such as the address and token of a server */
export function soukIn(folder: string, environment: Readonly<Record<string, string>>): Souk {
  return async (...argv) => {
    let [out, error] = ['', ''];
    const exitCode = await run(argv, {
      cwd: folder,
      environment,
      readIn: () => Promise.resolve(''),
      writeOut: (text) => void (out += text),
      writeError: (text) => void (error += text),
    });
    return { exitCode, out, error };
  };
}
