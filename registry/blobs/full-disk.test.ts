import { execFileSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

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

const UNSHARE = 'unshare';
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'souk-full-'));
});
afterAll(() => rm(folder, { recursive: true }));

function fillDisk(): string {
  const mount = 'mount -t tmpfs -o size=2m tmpfs "$1" && exec "$2" --input-type=module -e "$3" "$1"';
  const shell = ['sh', '-c', mount, 'sh', folder, process.execPath, FILL];
  return execFileSync(UNSHARE, ['--user', '--map-root-user', '--mount', ...shell], { encoding: 'utf8' });
}

function canMount(): boolean {
  try {
    const probe = ['--user', '--map-root-user', '--mount', 'mount', '-t', 'tmpfs', 'tmpfs', '/mnt'];
    execFileSync(UNSHARE, probe, { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

describe('a full disk', () => {
  it.runIf(canMount())('refuses with storage_full, leaves nothing of what did not fit, and goes on', () => {
    expect(JSON.parse(fillDisk())).toEqual({ outcome: 'storage_full', small: true, listed: 1, left: 0 });
  });
});
