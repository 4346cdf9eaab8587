/** `npm run demo` as a newcomer runs it: into a pipe, on a folder that is gone afterwards. */
import { execFile, spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { describe, expect, it, onTestFinished } from 'vitest';

const DEMO = join(import.meta.dirname, '..', 'demo', 'main.ts');
const STEPS = [
  'npm start',
  'souk org create acme',
  'souk publisher create examples',
  'souk keygen examples',
  'souk keys register examples',
  'souk pack ',
  'souk sign hello-world.zip',
  'souk publish hello-world.zip',
  'souk publish counter.zip',
  'souk search counter',
  'souk plugin plan examples/counter',
  'souk plugin apply ',
  'souk plugin activate examples/counter',
  'GET http://127.0.0.1:',
  'POST http://127.0.0.1:',
  'pack, sign and publish kelompok/csv-import',
  'pack, sign and publish sahabot/alttpr',
  'souk plugin run csv-import --job import-organizations --file organizations.csv',
  'souk contract call seed-generator@1 generate',
  'souk plugin plan gims/discord',
  'souk plugin activate gims/discord',
  'the mail arrives',
  'souk publish tampered.zip',
];

/** A temporary folder of its own, so that what is left behind is seen. */
function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'souk-demo-test-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Settings of the reader's own shell, which must not reach the demo. */
function environmentOf(folder: string): NodeJS.ProcessEnv {
  return { PATH: process.env['PATH'], TMPDIR: folder, DATABASE_URL: 'postgresql://nowhere', SOUK_PORT: 'no' };
}

function runDemo(folder: string): Promise<{ exitCode: number; out: string; error: string }> {
  return new Promise((resolve) => {
    const options = { env: environmentOf(folder) };
    const child = execFile(process.execPath, [DEMO, '--exit'], options, (_, out, error) =>
      resolve({ exitCode: child.exitCode ?? -1, out, error }),
    );
  });
}

describe('npm run demo -- --exit', () => {
  it('shows each step, ends with 0 and leaves nothing', async () => {
    const folder = temporaryFolder();
    const { exitCode, out, error } = await runDemo(folder);
    expect({ exitCode, error }, out).toEqual({ exitCode: 0, error: '' });
    for (const step of STEPS) expect(out).toContain(`  ✓ ${step}`);
    expect(out).not.toContain('✗');
    expect(readdirSync(folder)).toEqual([]);
    // No cursor tricks, no colours: the same lines in a pipe and on a terminal.
    expect(out).not.toMatch(/(?!\n)\p{Cc}/u);
    expectStory(out);
  });

  it('ends with 1 when a step fails, and says why', async () => {
    const { exitCode, out } = await runDemo(join(temporaryFolder(), 'none'));
    expect(exitCode).toBe(1);
    expect(out).toContain('ENOENT');
    expect(out).toContain('The demo failed');
  });

  it('stops everything when it is interrupted', async () => {
    const folder = temporaryFolder();
    const child = spawn(process.execPath, [DEMO, '--exit'], {
      env: environmentOf(folder),
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const ended = new Promise<number | null>((resolve) => child.once('exit', resolve));
    createInterface({ input: child.stdout }).on('line', (line) => {
      if (line.includes('souk keygen')) child.kill('SIGINT');
    });
    expect(await ended).toBe(130);
    expect(readdirSync(folder)).toEqual([]);
  });
});

/** What a reader is meant to see, in the words that matter. */
function expectStory(out: string): void {
  expect(out).toContain('Its author says: Keeps the count of each page.');
  expect(out).toContain('200 {"text":"Hello, Ada!","org":"acme"}');
  expect(out).toContain('201 {"page":"home","visits":2,"greeting":"Hello, Grace!"}');
  expect(out).toMatch(/the CSV file, the first time +2 accepted, 1 rejected\n/u);
  expect(out).toMatch(/the CSV file, the second time +2 unchanged, 1 rejected\n/u);
  expect(out).toMatch(/an invitation +arrived at ada@example\.org: You are invited to our project\n/u);
  expect(out).toContain('refused: secret_missing');
  expect(out).toContain('refused: signed_archive_differs');
  expect(out).toContain('"outcome":"exceededCpu"');
  expect(out).toContain('{"denied":"PermissionDenied"');
}
