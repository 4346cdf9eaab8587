/** The commands of a page of the documentation, run by a shell as its reader would, with a home folder of their own. */
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';

const ROOT = join(import.meta.dirname, '../..');
/** Behind everything else: what a machine has itself is used. */
const STAND_INS = join(import.meta.dirname, 'stand-ins');

export function readPage(page: string): string {
  return readFileSync(join(ROOT, page), 'utf8');
}

/** @returns the blocks that are meant for a shell, in order */
export function shellBlocks(text: string): string[] {
  return [...text.matchAll(/^```sh\n(.*?)^```$/gmsu)].map(([, block]) => block ?? '');
}

export type PageRun = {
  readonly home: string;
  readonly environment?: NodeJS.ProcessEnv;
  readonly timeoutMs?: number;
};

/**
 * Runs `script` in the folder of this repository.
 * @throws when one of its commands fails
 */
export function runCommands(
  script: string,
  { home, environment, timeoutMs }: PageRun,
): Promise<{ readonly stdout: string; readonly stderr: string }> {
  const path = `${process.env['PATH']}${delimiter}${STAND_INS}`;
  return promisify(execFile)('bash', ['-euo', 'pipefail', '-c', script], {
    cwd: ROOT,
    env: { PATH: path, HOME: home, ...environment },
    timeout: timeoutMs,
  });
}
