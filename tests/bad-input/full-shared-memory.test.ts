/** A folder of shared memory without room, as containers have it that share a small one: room for one page alone. */
import { describe, expect, it } from 'vitest';
import { behindMount, canMountAt } from '../support/mount-namespace.ts';
import { testSouk } from '../support/test-souk.ts';

const MOUNT = 'mount -t tmpfs -o size=4k tmpfs /dev/shm';
const INSTALLATIONS = 4;

describe.runIf(canMountAt('/dev/shm'))('full shared memory', async () => {
  const souk = await testSouk({ wrapper: behindMount(MOUNT) });
  const kelompok = await souk.publisher('kelompok', await souk.org('acme'));
  await kelompok.ship({ id: 'kelompok/hello' });

  it('keeps no runner from starting, and ends no server', async () => {
    for (let index = 0; index < INSTALLATIONS; index += 1) {
      const org = await souk.org(`org-${index}`);
      await org.install('kelompok/hello');
      expect((await org.call('kelompok/hello', '/')).text).toBe('hello');
    }
    const { json } = await souk.admin.get('/readyz');
    expect(json.sandbox.runners.length).toBeGreaterThanOrEqual(INSTALLATIONS);
  });
});
