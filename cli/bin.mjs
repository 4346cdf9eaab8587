#!/usr/bin/env node
/**
 * Starts the command with the Node that Souk is made for: this one if it fits, else the one that came as a dependency
 * of this package. Plain JavaScript that old versions of Node can read.
 */
import { spawn } from 'node:child_process';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const NODE_MAJOR = 26;
const PLATFORM_PACKAGES = ['node', 'node-bin'].map(
  (prefix) => `${prefix}-${process.platform}-${process.arch}`,
);

const codeCache = new URL('./code-cache.mjs', import.meta.url).href;
const main = fileURLToPath(new URL('./main.ts', import.meta.url));
const words = process.argv.slice(2);
const fits = Number(process.versions.node.split('.')[0]) >= NODE_MAJOR;
const node = fits ? process.execPath : findNode();

if (node === undefined) {
  process.stderr.write(
    `souk needs Node ${NODE_MAJOR} and found ${process.versions.node}; run npm ci, or install Node ${NODE_MAJOR}.\n`,
  );
  process.exitCode = 2;
} else {
  const child = spawn(node, ['--import', codeCache, main, ...words], { stdio: 'inherit' });
  // Who ends this process means the command: souk dev ends its runners before it goes.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  // A child that a signal ended has no exit code; shells report 128 and more.
  child.on('exit', (code) => process.exit(code ?? 130));
}

function findNode() {
  const require = createRequire(import.meta.url);
  for (const name of PLATFORM_PACKAGES) {
    try {
      return join(dirname(require.resolve(`${name}/package.json`)), 'bin', 'node');
    } catch {
      // Not this name: npm installs only the package of this platform.
    }
  }
  return undefined;
}
