/** A package store without room: the server runs in a mount namespace of its own, where the store is 2 MiB. */
import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { behindMount, canMountAt } from '../support/mount-namespace.ts';
import { packDraft, packFiles, signArchive } from '../support/test-package.ts';
import { testSouk } from '../support/test-souk.ts';

const MOUNT = 'mkdir -p "$SOUK_DATA/packages" && mount -t tmpfs -o size=2m tmpfs "$SOUK_DATA/packages"';

describe.runIf(canMountAt('/mnt'))('a full disk', async () => {
  const souk = await testSouk({ wrapper: behindMount(MOUNT) });
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
