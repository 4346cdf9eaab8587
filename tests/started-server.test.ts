/** What a server leaves running once it stands. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { expect, it, onTestFinished, vi } from 'vitest';
import { discardSouk, startSouk } from './support/souk-process.ts';
import { testDatabase } from './support/test-souk.ts';

/** Names of the processes that a process has started; from proc(5), `/proc/pid/stat`. */
function childrenOf(parent: number): string[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/u.test(name))
    .flatMap((pid) => {
      const [, name = '', above] = /^\d+ \((.*)\) \S (\d+) /su.exec(statOf(pid)) ?? [];
      return Number(above) === parent ? [name] : [];
    });
}

/** Empty where the process has ended meanwhile. */
function statOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/stat`, 'latin1');
  } catch {
    return '';
  }
}

it.runIf(existsSync('/proc/self/stat'))('runners, and no bundler beside them', async () => {
  const { url } = await testDatabase();
  const souk = await startSouk({ environment: { DATABASE_URL: url } });
  onTestFinished(() => discardSouk(souk));
  await vi.waitFor(() => expect(childrenOf(souk.pid)).not.toContain('esbuild'), 20_000);
  expect(childrenOf(souk.pid).length).toBeGreaterThan(0);
});
