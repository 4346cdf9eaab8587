import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { resolve } from 'node:path';
import { EXIT_CODES } from '../exit-code.ts';
import { fileRefusal } from '../files.ts';
import type { Io } from '../io.ts';
import type { Report, ReportFormat } from '../report.ts';
import type { Shell } from '../shell.ts';

/** How Node's runner sums up; without a test it ends well. */
const NO_TESTS = /ℹ tests 0\b/u;
const SUMMARY_CHARS_MAX = 500;

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
  const print = format === 'json' ? io.writeError : io.writeOut;
  let end = '';
  runner.stdout.setEncoding('utf8').on('data', (text: string) => {
    end = (end + text).slice(-SUMMARY_CHARS_MAX);
    print(text);
  });
  runner.stderr.setEncoding('utf8').on('data', io.writeError);
  const [code] = (await once(runner, 'close').catch((error: unknown) => {
    throw fileRefusal('file_unreadable', folder, error);
  })) as [number | null];
  if (NO_TESTS.test(end)) return failed('there is no test: those in *.test.ts and *.test.js are run');
  if (code !== 0) return failed('the tests failed');
  return { exitCode: EXIT_CODES.ok, lines: ['the tests passed'], data: { passed: true } };
}

function failed(line: string): Report {
  return { exitCode: EXIT_CODES.refused, lines: [line], data: { passed: false } };
}
