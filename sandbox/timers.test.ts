import { afterAll, beforeAll, expect, test } from 'vitest';
import { createSandbox, type Sandbox } from './index.ts';
import { createTestBed } from './testing/test-bed.ts';

const bed = createTestBed();
let sandbox: Sandbox;
beforeAll(async () => {
  const endpoint = { entryMsMax: 3_000, cpuTimeMsMax: 5_000 };
  sandbox = await createSandbox({ ...bed.options, limits: { endpoint } });
});
afterAll(() => sandbox.close());

test('what a timer would have called is not kept beyond the calls that it was for', async () => {
  const source = `export default { fetch() {
    const large = new Array(131072).fill(0);
    setTimeout(() => large.length, 60_000); setInterval(() => large.length, 60_000);
    return Response.json(large.length);
  } }`;
  const guest = bed.guest({ 'index.js': source });
  const outcomes = new Set<string>();
  // Each keeps a MiB where it is kept, and an isolate has 64.
  for (let call = 0; call < 120; call += 1) outcomes.add((await sandbox.call(bed.get(guest))).outcome);
  expect([...outcomes]).toEqual(['ok']);
});

test('timers fire in time order, and those that were cleared do not', async () => {
  const source = `export default { async fetch() {
    const seen = []; const note = (name) => () => seen.push(name);
    const a = setTimeout(note('cleared'), 1); setTimeout(note('late'), 30); setTimeout(note('early'), 2); clearTimeout(a); clearTimeout(a); clearTimeout('x'); clearTimeout();
    let ticks = 0;
    await new Promise((resolve) => { const id = setInterval(() => { ticks += 1; if (ticks < 3) return; clearInterval(id); resolve(); }, 1); });
    await new Promise((resolve) => setTimeout(resolve, 60));
    return Response.json([seen, ticks]);
  } }`;
  expect(bed.read(await sandbox.call(bed.get(bed.guest({ 'index.js': source })))).json).toEqual([
    ['early', 'late'],
    3,
  ]);
});
