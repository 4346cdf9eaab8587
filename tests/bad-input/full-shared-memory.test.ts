/** A folder of shared memory without room, as containers have it that share a small one: room for one page alone. */
import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { testSouk } from '../support/test-souk.ts';

const NAMESPACE = ['unshare', '--user', '--map-root-user', '--mount'];
const MOUNT = 'mount -t tmpfs -o size=4k tmpfs /dev/shm && exec "$@"';
const INSTALLATIONS = 4;

/** Machines that give no mount namespace to this account cannot show it. */
function canMount(): boolean {
  const [command = '', ...args] = [...NAMESPACE, 'mount', '-t', 'tmpfs', 'tmpfs', '/dev/shm'];
  try {
    execFileSync(command, args, { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

describe.runIf(canMount())('full shared memory', async () => {
  const souk = await testSouk({ wrapper: [...NAMESPACE, 'sh', '-c', MOUNT, 'sh'] });
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
