import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { resolve } from 'node:path';
import { EXIT_CODES } from '../exit-code.ts';
import { fileRefusal } from '../files.ts';
import type { Io } from '../io.ts';
import type { Report, ReportFormat } from '../report.ts';
import type { Shell } from '../shell.ts';

/** `souk test [folder]`: the tests of a plugin, by the Node that Souk brings, which runs TypeScript as it is. */
export function registerTest(shell: Shell): void {
  shell
    .verb('test', 'run the tests of a plugin folder (*.test.ts, *.test.js)')
    .argument('[folder]', 'the folder that holds manifest.json', '.')
    .action((folder: string, options: { json?: boolean }) =>
      shell.report(options, () => test(shell.io, folder, options.json ? 'json' : 'text')),
    );
}

/** @throws Refusal `file_unreadable` */
async function test(io: Io, folder: string, format: ReportFormat): Promise<Report> {
  const cwd = resolve(io.cwd, folder);
  const runner = spawn(process.execPath, ['--test'], {
    cwd,
    env: io.environment,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  runner.stdout.setEncoding('utf8').on('data', format === 'json' ? io.writeError : io.writeOut);
  runner.stderr.setEncoding('utf8').on('data', io.writeError);
  const [code] = (await once(runner, 'close').catch((error: unknown) => {
    throw fileRefusal('file_unreadable', folder, error);
  })) as [number | null];
  if (code === 0) return { exitCode: EXIT_CODES.ok, lines: ['the tests passed'], data: { passed: true } };
  return { exitCode: EXIT_CODES.refused, lines: ['the tests failed'], data: { passed: false } };
}
