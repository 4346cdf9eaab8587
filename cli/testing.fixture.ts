import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { run } from './main.ts';

export type Ran = { readonly exitCode: number; readonly out: string; readonly error: string };

/** A folder of its own for one test, and the command run in it. */
export function workshop(): { folder: string; souk: (...argv: string[]) => Promise<Ran> } {
  const folder = mkdtempSync(join(tmpdir(), 'souk-cli-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const souk = async (...argv: string[]): Promise<Ran> => {
    let [out, error] = ['', ''];
    const exitCode = await run(argv, {
      cwd: folder,
      environment: {},
      readIn: () => Promise.resolve(''),
      writeOut: (text) => void (out += text),
      writeError: (text) => void (error += text),
    });
    return { exitCode, out, error };
  };
  return { folder, souk };
}
