/** The commands of README.md, run by a shell as a new author would, with a home folder of its own. */
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readPage, runCommands, shellBlocks } from './support/page-commands.ts';
import { testDatabase } from './support/test-souk.ts';
import { discardSouk, startSouk } from './support/souk-process.ts';

const home = mkdtempSync(join(tmpdir(), 'souk-readme-'));
afterAll(() => rmSync(home, { recursive: true, force: true }));

/** The blocks between the two marks, in order. */
function authorBlocks(): string[] {
  const readme = readPage('README.md');
  const [, tested = ''] = /<!-- tested: .*?-->(.*)<!-- end of the tested blocks -->/su.exec(readme) ?? [];
  return shellBlocks(tested);
}

describe('an author who reads README.md alone', () => {
  const blocks = authorBlocks();
  let printed = '';

  beforeAll(async () => {
    const database = await testDatabase();
    const souk = await startSouk({ environment: { DATABASE_URL: database.url } });
    afterAll(() => discardSouk(souk));
    // The address and the data folder are the two things that the reader of a fresh clone has and this test has not.
    const script = blocks
      .join('\n')
      .replaceAll('http://127.0.0.1:8787', souk.url)
      .replaceAll('$CLONE/.souk', souk.dataDir);
    const { stdout, stderr } = await runCommands(script, { home });
    printed = `${stdout}\n${stderr}`;
  });

  it('finds every step', () => {
    expect(blocks).toHaveLength(6);
  });

  it.each([
    ['logs in', 'logged in at '],
    ['checks the plugin', 'passed: ada/hello 0.1.0'],
    ['registers a key', 'registered 1 key(s) for ada'],
    ['publishes', 'published ada/hello 0.1.0'],
    ['finds it in the catalogue', 'ada/hello 0.1.0  Says hello.'],
    ['sees the plan', '+ ada/hello 0.1.0'],
    ['activates it', 'ada/hello 0.1.0 READY'],
    ['calls it', '{"hello":"world"}'],
    ['verifies it offline', 'verified: ada/hello 0.1.0'],
    ['sees one changed byte refused', 'refused: signed_archive_differs'],
    ['sees verify end with a failure then', 'refused, as it must be'],
  ])('%s', (_, expected) => {
    expect(printed).toContain(expected);
  });

  it('leaves the private key and the token to their owner alone', () => {
    expect(statSync(join(home, 'my-plugins/ada.key')).mode & 0o777).toBe(0o600);
    expect(statSync(join(home, '.config/souk/credentials.json')).mode & 0o777).toBe(0o600);
  });
});
