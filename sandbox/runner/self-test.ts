/** What a runner tries before any guest code is near: each wall that it can get through is reported. */
import { readFileSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { spawn } from 'node:child_process';

/** What a shell that sets limits leaves behind; it says nothing about the server. */
const SHELL_NAMES: ReadonlySet<string> = new Set(['PWD', 'OLDPWD', 'SHLVL', '_']);

/** @returns the names of the walls that do not stand: `files`, `writing`, `network`, `processes`, `environment` */
export async function findMissingWalls(): Promise<string[]> {
  const missing: string[] = [];
  if (succeeds(() => readFileSync('/proc/self/environ'))) missing.push('files');
  if (succeeds(() => writeFileSync('/tmp/souk-runner-wall', ''))) missing.push('writing');
  if (succeeds(() => spawn('true').on('error', () => {}))) missing.push('processes');
  if (Object.keys(process.env).some((name) => !SHELL_NAMES.has(name))) missing.push('environment');
  if (await reachesNetwork()) missing.push('network');
  return missing;
}

function succeeds(attempt: () => unknown): boolean {
  try {
    attempt();
    return true;
  } catch {
    return false;
  }
}

/** The discard port of the loopback interface: nothing leaves the machine even where the wall is missing. */
function reachesNetwork(): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  try {
    const socket = connect(9, '127.0.0.1');
    socket.on('connect', () => resolve(true));
    socket.on('error', (error: NodeJS.ErrnoException) =>
      resolve(error.code !== 'ERR_ACCESS_DENIED' && error.code !== 'ENETUNREACH'),
    );
  } catch {
    resolve(false);
  }
  return promise;
}
