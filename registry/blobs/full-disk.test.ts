import { execFileSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { behindMount, canMountAt } from '../../tests/support/mount-namespace.ts';

/** Run inside a mount namespace of its own, where the folder is a file system of 2 MiB. */
const FILL = `
import { readdir } from 'node:fs/promises';
import { openFileBlobStore } from './registry/blobs/index.ts';
const root = process.argv[1];
const blobs = await openFileBlobStore(root);
const outcome = await blobs.put(Buffer.alloc(4_000_000, 1)).then(() => 'stored', (error) => error.code);
const small = await blobs.put(Buffer.from('small'));
const listed = await Array.fromAsync(blobs.list());
const left = await readdir(root + '/incoming');
console.log(JSON.stringify({ outcome, small: await blobs.has(small), listed: listed.length, left: left.length }));
`;

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'souk-full-'));
});
afterAll(() => rm(folder, { recursive: true }));

function fillDisk(): string {
  const [command = '', ...args] = behindMount('mount -t tmpfs -o size=2m tmpfs "$FOLDER"');
  const node = [process.execPath, '--input-type=module', '-e', FILL, folder];
  return execFileSync(command, [...args, ...node], {
    encoding: 'utf8',
    env: { ...process.env, FOLDER: folder },
  });
}

describe('a full disk', () => {
  it.runIf(canMountAt('/mnt'))(
    'refuses with storage_full, leaves nothing of what did not fit, and goes on',
    () => {
      expect(JSON.parse(fillDisk())).toEqual({ outcome: 'storage_full', small: true, listed: 1, left: 0 });
    },
  );
});
