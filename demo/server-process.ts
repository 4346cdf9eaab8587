/** The server as `npm start` runs it, on a folder and a free port of its own. */
import { spawn, type ChildProcess } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { Fault } from '../spec/refusal.ts';

const ROOT = join(import.meta.dirname, '..');
const START_MS_MAX = 60_000;
const STOP_MS_MAX = 60_000;
/** What of this shell the server needs; its settings and a database of yours are none of the demo's business. */
const PASSED_ON = ['PATH', 'HOME', 'LANG', 'TMPDIR'];

export type ServerProcess = {
  /** @throws Fault with what the server said, when it does not come to serve */
  readonly serving: Promise<ServedAt>;
  /** Stops it as an operator would, and waits; it may be starting, serving, or gone. */
  readonly stop: () => Promise<void>;
};

export type ServedAt = { readonly url: string; readonly token: string; readonly tokenFile: string };

/** @param settings environment variables of the server, besides its folder and port */
export function startServerProcess(
  dataDir: string,
  settings: Readonly<Record<string, string>>,
): ServerProcess {
  const child = spawn(process.execPath, [join(ROOT, 'server/bin.mjs')], {
    env: { ...passedOn(), ...settings, SOUK_DATA: dataDir, SOUK_PORT: '0' },
    stdio: ['ignore', 'pipe', 'pipe'],
    // A group of its own: Ctrl-C reaches the demo alone, which then stops the server once and in order.
    detached: true,
  });
  return { serving: servedAt(child, dataDir), stop: () => stopChild(child) };
}

async function servedAt(child: ChildProcess, dataDir: string): Promise<ServedAt> {
  const url = await listening(child);
  const tokenFile = join(dataDir, 'admin-token');
  return { url, tokenFile, token: (await readFile(tokenFile, 'utf8')).trim() };
}

function passedOn(): Record<string, string> {
  return Object.fromEntries(
    PASSED_ON.flatMap((name) => {
      const value = process.env[name];
      return value === undefined ? [] : [[name, value]];
    }),
  );
}

function listening(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    const said: string[] = [];
    const fail = (why: string): void => reject(new Fault(`${why}\n${said.join('\n')}`));
    const timer = setTimeout(() => fail('the server did not begin to serve'), START_MS_MAX).unref();
    child.once('error', (error) => fail(`the server could not be started: ${error.message}`));
    child.once('exit', (code) => fail(`the server ended with ${code}`));
    linesOf(child.stderr, (line) => said.push(line));
    linesOf(child.stdout, (line) => {
      const url = addressIn(line);
      if (url === undefined) return said.push(line);
      clearTimeout(timer);
      return resolve(url);
    });
  });
}

function linesOf(stream: Readable | null, take: (line: string) => void): void {
  if (stream) createInterface({ input: stream }).on('line', take);
}

function addressIn(line: string): string | undefined {
  try {
    const { msg, url } = JSON.parse(line) as { msg?: unknown; url?: unknown };
    return msg === 'listening' && typeof url === 'string' ? url : undefined;
  } catch {
    return undefined;
  }
}

async function stopChild(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), STOP_MS_MAX);
  await ended;
  clearTimeout(timer);
}
