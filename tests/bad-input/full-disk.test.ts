/** A package store without room: the server runs in a mount namespace of its own, where the store is 2 MiB. */
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { packDraft, packFiles, signArchive } from '../support/test-package.ts';
import { testSouk } from '../support/test-souk.ts';

const NAMESPACE = ['unshare', '--user', '--map-root-user', '--mount'];
const MOUNT =
  'mkdir -p "$SOUK_DATA/packages" && mount -t tmpfs -o size=2m tmpfs "$SOUK_DATA/packages" && exec "$@"';

/** Machines that give no mount namespace to this account cannot show it. */
function canMount(): boolean {
  const [command = '', ...args] = [...NAMESPACE, 'mount', '-t', 'tmpfs', 'tmpfs', '/mnt'];
  try {
    execFileSync(command, args, { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

describe.runIf(canMount())('a full disk', async () => {
  const souk = await testSouk({ wrapper: [...NAMESPACE, 'sh', '-c', MOUNT, 'sh'] });
  const kelompok = await souk.publisher('kelompok', await souk.org('acme'));

  it('refuses what does not fit, and still takes what does', async () => {
    const large = packFiles({
      'manifest.json': JSON.stringify({
        manifestVersion: 1,
        id: 'kelompok/large',
        version: '1.0.0',
        name: 'Large',
        main: 'index.js',
      }),
      'index.js': 'export default { fetch: () => new Response() };\n',
      'data.txt': randomBytes(3_000_000).toString('base64'),
    });
    const refused = await kelompok.upload(large, signArchive(large, [kelompok.key]));
    expect([refused.status, refused.json.code]).toEqual([507, 'storage_full']);
    expect(refused.text).not.toContain(souk.process.dataDir);
    expect((await souk.anyone.get('/api/v1/packages/kelompok/large')).status).toBe(404);

    const small = packDraft({ id: 'kelompok/small' });
    expect((await kelompok.upload(small, signArchive(small, [kelompok.key]))).status).toBe(201);
    const stored = await souk.anyone.get('/api/v1/packages/kelompok/small/versions/1.0.0/archive');
    expect(stored.bytes.equals(small)).toBe(true);
  });
});
