/** The command `souk` in a folder of its own, as somebody uses it against a server. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect } from 'vitest';
import { soukIn, type Souk } from '../../cli/testing.fixture.ts';

export type CommandLine = {
  readonly folder: string;
  readonly souk: Souk;
  /** Must end with 0. @returns what `--json` prints */
  readonly ok: (...argv: string[]) => Promise<ReturnType<typeof JSON.parse>>;
  /** Must be refused. @returns the code */
  readonly refused: (...argv: string[]) => Promise<string>;
};

/** Of the command lines of one test file, wherever in it they are opened. */
const folders: string[] = [];
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

/** @param token null for nobody */
export function commandLine(url: string, token: string | null): CommandLine {
  const folder = mkdtempSync(join(tmpdir(), 'souk-line-'));
  folders.push(folder);
  const environment = { SOUK_URL: url, HOME: folder, ...(token === null ? {} : { SOUK_TOKEN: token }) };
  const souk = soukIn(folder, environment);
  return {
    folder,
    souk,
    ok: async (...argv) => {
      const { exitCode, out, error } = await souk(...argv, '--json');
      expect(exitCode, out + error).toBe(0);
      return JSON.parse(out);
    },
    refused: async (...argv) => {
      const { exitCode, out, error } = await souk(...argv, '--json');
      expect(exitCode, out + error).toBe(1);
      return JSON.parse(out).error.code;
    },
  };
}
