/**
 * `npm start`. Says in one line when this is not the Node that Souk is made for: an older one cannot even read the
 * TypeScript that follows. Plain JavaScript that old versions of Node can read.
 */
import module from 'node:module';
import { fileURLToPath } from 'node:url';

const NODE_MAJOR = 26;
/** What the compiler made of each file, kept from one start to the next; goes with the files themselves. */
const CODE_CACHE = fileURLToPath(new URL('../node_modules/.cache/souk', import.meta.url));
const found = process.versions.node;

if (Number(found.split('.')[0]) >= NODE_MAJOR) {
  // Threads read the variable. A folder that cannot be written costs a slower start, nothing else.
  process.env.NODE_COMPILE_CACHE ||= CODE_CACHE;
  module.enableCompileCache();
  await import('./main.ts');
} else {
  process.stderr.write(`Souk needs Node ${NODE_MAJOR} and found ${found}: run npm ci, then npm start.\n`);
  process.exitCode = 2;
}
