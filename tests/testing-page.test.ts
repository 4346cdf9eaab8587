/** The commands of docs/authors/testing.md, run by a shell as an author would, without a registry. */
import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readPage, runCommands, shellBlocks } from './support/page-commands.ts';

const ROOT = join(import.meta.dirname, '..');
const home = mkdtempSync(join(tmpdir(), 'souk-testing-'));
afterAll(() => rmSync(home, { recursive: true, force: true }));

const blocks = shellBlocks(readPage('docs/authors/testing.md'));

describe('an author who reads testing.md alone', () => {
  let printed = '';

  beforeAll(async () => {
    const environment = { npm_config_offline: 'true' };
    const { stdout } = await runCommands(blocks.join('\n'), { home, environment });
    printed = stdout;
  }, 240_000);

  it('finds every step', () => {
    expect(blocks).toHaveLength(3);
  });

  it.each([
    ['gets a plugin with a test', 'made clubs/src/index.test.ts'],
    ['runs that test', 'says hello ('],
    ['tests an import', 'imports clubs, each once ('],
    ['tests work in the background', 'tells of each new club in the background ('],
    ['tests what is denied', 'imports nothing without its permission ('],
    ['has a plugin that can be published', 'passed: ada/clubs 0.2.0'],
  ])('%s', (_, expected) => {
    expect(printed).toContain(expected);
  });

  it('hears of a test that fails, by the exit code as well', async () => {
    const folder = join(home, 'my-plugins/failing');
    mkdirSync(folder);
    const code =
      "import { test } from 'node:test';\ntest('bad', (t: { assert: { equal(a: 1, b: 2): void } }) => t.assert.equal(1, 2));";
    writeFileSync(join(folder, 'bad.test.ts'), code);
    const souk = promisify(execFile)(process.execPath, [join(ROOT, 'cli/bin.mjs'), 'test', folder]);
    await expect(souk).rejects.toMatchObject({
      code: 1,
      stdout: expect.stringContaining('the tests failed'),
    });
  });

  it('sees no test fail', () => {
    expect(printed.match(/^the tests passed$/gmu)).toHaveLength(2);
    expect(printed).not.toContain('✖');
  });
});
