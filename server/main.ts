/** `npm start`: one process, until it is told to stop. */
import { readFile } from 'node:fs/promises';
import { startServer, type RunningServer } from './lifecycle.ts';
import { createLogger } from './log.ts';
import { readSettings } from './settings.ts';
import { Refusal } from '../spec/refusal.ts';

async function main(): Promise<void> {
  const settings = readSettings(process.env);
  const server = await startServer(settings, createLogger(settings.logLevel));
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => void shutDown(server));
  if (process.stdout.isTTY) await greet(server);
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

async function shutDown(server: RunningServer): Promise<void> {
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
