/**
 * `npm run demo`: everything from nothing to a running plugin, on a fresh folder that it removes again.
 *
 * On a terminal the server is left running until Ctrl-C; into a pipe, or with `--exit`, everything ends with the story.
 * It exits with 0 when every step did what it promises, 1 when one did not, 130 when it was interrupted before.
 */
import { mkdir, mkdtemp, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openMailbox } from './mailbox.ts';
import { createScreen, since, type Screen } from './screen.ts';
import { startServerProcess, type ServedAt } from './server-process.ts';
import { createStage } from './stage.ts';
import { tellStory } from './story.ts';

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

type Ending = { readonly exitCode: 0 | 1 | 130; readonly farewell: string };
type AfterStory = 'exit' | 'stayOpen';
type Cleaner = () => Promise<unknown>;

async function main(after: AfterStory): Promise<void> {
  const screen = createScreen((text) => void process.stdout.write(text));
  const cleaners: Cleaner[] = [];
  const interrupted = interruption();
  const played = play(screen, cleaners).catch(failed);
  const ending = await Promise.race([played, interrupted]);
  if ('served' in ending && after === 'stayOpen') {
    invite(screen, ending.served);
    await interrupted;
  }
  screen.close();
  for (const clean of cleaners.toReversed()) await clean();
  process.stdout.write(`\n${ending.farewell}\n`);
  process.exit(ending.exitCode);
}

/** @param cleaners gets what has to be undone, as soon as there is something to undo */
async function play(screen: Screen, cleaners: Cleaner[]): Promise<Ending & { readonly served: ServedAt }> {
  const startedMs = performance.now();
  screen.line(
    'Souk, from nothing to a running plugin. Everything happens in a folder that is removed at the end.',
  );
  const folder = await mkdtemp(join(tmpdir(), 'souk-demo-'));
  cleaners.push(() => removeFolder(folder));
  const mailbox = await openMailbox();
  cleaners.push(mailbox.close);
  // Plugins may reach this one address of the machine's own.
  const allowed = { SOUK_EGRESS_ALLOW: `127.0.0.1:${mailbox.port}` };
  const server = startServerProcess(dataFolderIn(folder), allowed);
  cleaners.push(server.stop);
  screen.chapter('The server starts: PostgreSQL, migrations, runners');
  const served = await screen.step('npm start', () => server.serving);
  screen.shown([`serves at ${served.url}`]);
  const author = join(folder, 'author');
  await mkdir(author);
  await tellStory(createStage(screen, author, served), mailbox);
  const told = `Every step did what it promised, in ${since(startedMs)}.`;
  return { exitCode: 0, farewell: told, served };
}

function dataFolderIn(folder: string): string {
  return join(folder, 'data');
}

/** Where PostgreSQL has to run as another user, its files may lie elsewhere, behind a link (docs/operators.md). */
async function removeFolder(folder: string): Promise<void> {
  const embedded = await realpath(join(dataFolderIn(folder), 'embedded')).catch(() => folder);
  for (const path of [embedded, folder]) await rm(path, { recursive: true, force: true, maxRetries: 5 });
}

function invite(screen: Screen, { url, tokenFile }: ServedAt): void {
  screen.chapter('The server is yours until Ctrl-C. Try in another terminal:');
  screen.shown([
    `curl ${url}/orgs/acme/p/examples/hello-world/hello/you`,
    `curl ${url}/openapi.json`,
    `export SOUK_URL=${url} SOUK_TOKEN=$(cat ${tokenFile}) SOUK_ORG=acme`,
    'npx souk plugin list',
    'npx souk contract call seed-generator@1 generate \'{"settings":{}}\' --org alttpr',
    'npx souk plugin run csv-import --job import-organizations --file some.csv --org kelompok',
  ]);
}

/** A closed pipe, as of `npm run demo | head`, ends the demo like a signal. */
function interruption(): Promise<Ending> {
  return new Promise((resolve) => {
    const end = (): void =>
      resolve({ exitCode: 130, farewell: 'Interrupted; everything is stopped and removed.' });
    for (const signal of SIGNALS) process.on(signal, end);
    process.stdout.on('error', end);
  });
}

function failed(error: unknown): Ending {
  const why = error instanceof Error ? error.message : String(error);
  return { exitCode: 1, farewell: `${why}\nThe demo failed; everything is stopped and removed.` };
}

await main(process.stdout.isTTY && !process.argv.includes('--exit') ? 'stayOpen' : 'exit');
