/** A server for a test to kill: it prints the processes of its runners while one of them spins in native code. */
import { createSandbox } from '../index.ts';
import { createTestBed } from './test-bed.ts';

const SPIN = 'export default { fetch: () => Array.prototype.includes.call({ length: 2 ** 53 - 1 }, 1) }';
const bed = createTestBed();
const sandbox = await createSandbox(bed.options);
void sandbox.call(bed.get(bed.guest({ 'index.js': SPIN })));
const timer = setInterval(() => {
  const { runners } = sandbox.health();
  if (!runners.some(({ runs }) => runs > 0)) return;
  clearInterval(timer);
  process.stdout.write(`${JSON.stringify(runners.map(({ pid }) => pid))}\n`);
}, 1);
