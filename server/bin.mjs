/**
 * `npm start`. Says in one line when this is not the Node that Souk is made for: an older one cannot even read the
 * TypeScript that follows. Plain JavaScript that old versions of Node can read.
 */
const NODE_MAJOR = 26;
const found = process.versions.node;

if (Number(found.split('.')[0]) >= NODE_MAJOR) {
  await import('./main.ts');
} else {
  process.stderr.write(`Souk needs Node ${NODE_MAJOR} and found ${found}: run npm ci, then npm start.\n`);
  process.exitCode = 2;
}
