/** `npm start`: one process, until it is told to stop. */
import { readFile } from 'node:fs/promises';
import { stop as stopBundler } from 'esbuild';
import { startServer, type RunningServer } from './lifecycle.ts';
import { createLogger } from './log.ts';
import { readSettings, type Settings } from './settings.ts';
import { Refusal } from '../spec/refusal.ts';

/** For what is closed after the last call has ended: writing down, the sandbox, the database. */
const CLOSING_MS_MAX = 30_000;

async function main(): Promise<void> {
  const settings = readSettings(process.env);
  const told = toldToStop();
  const server = await startServer(settings, createLogger(settings.logLevel));
  // What runners run was bundled while the sandbox was opened; the bundler's process would stay, with 40 MB.
  await stopBundler();
  if (process.stdout.isTTY) await greet(server);
  void told.then(() => shutDown(server, settings));
}

/**
 * Told while it starts, the server ends when it stands: cut off in between, it would leave processes behind. Told again,
 * as by a terminal and by npm at once, it goes on stopping, for no longer than the grace allows.
 */
function toldToStop(): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, () => resolve());
  });
}

/** A secret goes to the screen only where a person sits before it. */
async function greet(server: RunningServer): Promise<void> {
  const lines = [`Souk serves at ${server.url}`];
  if (server.instance === 'made') {
    lines.push(`Instance admin token: ${(await readFile(server.adminTokenFile, 'utf8')).trim()}`);
  }
  lines.push(`The token is kept in ${server.adminTokenFile}`);
  process.stdout.write(`${lines.join('\n')}\n`);
}

async function shutDown(server: RunningServer, { shutdownGraceMs }: Settings): Promise<void> {
  // A database that is silent would be waited for without end.
  setTimeout(() => process.exit(1), shutdownGraceMs + CLOSING_MS_MAX).unref();
  await server.stop();
  process.exit(0);
}

try {
  await main();
} catch (error) {
  const lines =
    error instanceof Refusal
      ? [`${error.code}: ${error.message}`, error.hint]
      : [String(error instanceof Error ? error.stack : error)];
  process.stderr.write(`Souk could not start.\n${lines.join('\n')}\n`);
  process.exit(1);
}
