import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { inspectPackage } from '../../registry/inspection/index.ts';
import { type ReadPackage, readPackage } from '../../registry/package/index.ts';
import type { Violation } from '../../spec/refusal.ts';
import { readArchive } from '../archive.ts';
import { EXIT_CODES } from '../exit-code.ts';
import { fileRefusal } from '../files.ts';
import type { Io } from '../io.ts';
import { packFolder } from '../pack-folder.ts';
import type { Report } from '../report.ts';
import type { Shell } from '../shell.ts';
import { sourcePlaces } from '../source-places.ts';

/** `souk check [folder or archive]`: the very checks of the server, but for what only its catalogue knows. */
export function registerCheck(shell: Shell): void {
  shell
    .verb('check', 'run the checks of the server on a plugin folder or an archive')
    .argument('[path]', 'a plugin folder, or an archive', '.')
    .action((path: string, options: { json?: boolean }) =>
      shell.report(options, () => check(shell.io, path)),
    );
}

async function check(io: Io, path: string): Promise<Report> {
  const { read, warnings } = await readSubject(io, path);
  const { manifest, findings } = inspectPackage(read, { knownPluginIds: [] }, sourcePlaces(read));
  return {
    exitCode: EXIT_CODES.ok,
    lines: [
      ...warnings.map(({ pointer, message }) => `warning ${pointer}: ${message}`),
      ...findings.map(
        ({ severity, rule, pointer, message }) => `${severity} ${rule}: ${pointer}: ${message}`,
      ),
      `passed: ${manifest.id} ${manifest.version}`,
    ],
    data: {
      verdict: 'passed',
      id: manifest.id,
      version: manifest.version,
      findings: findings.map((finding) => ({ ...finding })),
      warnings: warnings.map((warning) => ({ ...warning })),
    },
  };
}

type Subject = { readonly read: ReadPackage; readonly warnings: readonly Violation[] };

async function readSubject(io: Io, path: string): Promise<Subject> {
  if (await isFolder(io, path)) return packFolder(io, path);
  return { read: readPackage(await readArchive(io, path)), warnings: [] };
}

async function isFolder(io: Io, path: string): Promise<boolean> {
  try {
    return (await stat(resolve(io.cwd, path))).isDirectory();
  } catch (error) {
    throw fileRefusal('file_unreadable', path, error);
  }
}
