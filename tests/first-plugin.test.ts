/** The commands of docs/authors/first-plugin.md, run by a shell as a new author would, with a home folder of its own. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readPage, runCommands, shellBlocks } from './support/page-commands.ts';
import { testDatabase } from './support/test-souk.ts';
import { discardSouk, startSouk } from './support/souk-process.ts';

const SCRIPT_MS_MAX = 240_000;
const home = mkdtempSync(join(tmpdir(), 'souk-first-'));
afterAll(() => rmSync(home, { recursive: true, force: true }));

const blocks = shellBlocks(readPage('docs/authors/first-plugin.md'));

/** The address that `souk dev` says, once it does; the port of the page may be taken here. */
const DEV_URL = `$(until grep -om1 'http://127.0.0.1:[0-9]*' dev.log; do sleep 0.1; done)`;

describe('an author who reads first-plugin.md alone', () => {
  let printed = '';

  beforeAll(async () => {
    const database = await testDatabase();
    const souk = await startSouk({ environment: { DATABASE_URL: database.url } });
    afterAll(() => discardSouk(souk));
    const script = blocks
      .join('\n')
      .replaceAll('http://127.0.0.1:8787', souk.url)
      .replaceAll('$CLONE/.souk', souk.dataDir)
      .replace('--port 8788', '--port 0')
      .replaceAll('http://127.0.0.1:8788', DEV_URL);
    const { stdout, stderr } = await runCommands(script, { home, timeoutMs: SCRIPT_MS_MAX });
    printed = `${stdout}\n${stderr}`;
    // Some twenty commands, each a process of its own.
  }, SCRIPT_MS_MAX + 60_000);

  it('finds every step', () => {
    expect(blocks).toHaveLength(9);
  });

  it.each([
    ['has tests that pass', 'pass 2'],
    ['checks the plugin', 'passed: ada/greeter 0.1.0'],
    ['tries it with values of its own', '{"text":"Moin, Ada!","count":1}'],
    ['publishes', 'published ada/greeter 0.1.0'],
    ['sees the plan with its permission', 'Remembers whom it has greeted.'],
    ['calls it as it was configured', '{"text":"Salaam, Ada!","count":1}'],
    ['sees it go on without its permission', '{"text":"Salaam, Ada!","count":null}'],
    ['finds the denial in its log', 'PermissionDenied'],
  ])('%s', (_, expected) => {
    expect(printed).toContain(expected);
  });

  it('was told of the start and the end of souk dev', () => {
    const log = readFileSync(join(home, 'my-plugins/dev.log'), 'utf8');
    expect(log).toContain('ready on http://127.0.0.1:');
    expect(log).toContain('stopped');
  });
});
