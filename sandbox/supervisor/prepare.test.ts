import { afterAll, beforeAll, expect, test } from 'vitest';

import { createSandbox, type Completion, type PackagePort, type Sandbox } from '../index.ts';
import { createTestBed } from '../testing/test-bed.ts';

const bed = createTestBed();
const asked: string[] = [];
let sandbox: Sandbox;
/** Waited for before a package is handed over. */
let handOver: Promise<void> = Promise.resolve();

const packages: PackagePort = {
  files: async (digest) => {
    asked.push(digest);
    await handOver;
    return bed.options.packages.files(digest);
  },
};

beforeAll(async () => {
  sandbox = await createSandbox({ ...bed.options, packages });
  // Only a runner that stands is given a package before a call: this one starts the organization's.
  await sandbox.call(bed.get(bed.guest({ 'index.js': COUNTER })));
  bed.lines.length = 0;
});
afterAll(() => sandbox.close());

const COUNTER = `let calls = 0; console.log('loaded');
export default { fetch: () => Response.json(++calls) };`;

const loaded = (): number => sandbox.health().runners.reduce((sum, { isolates }) => sum + isolates, 0);
const isCold = ({ usage }: Completion): boolean => usage.cold;

test('a guest that is prepared is loaded once, and its first call is a cold one', async () => {
  const guest = bed.guest({ 'index.js': COUNTER });
  const before = loaded();
  await sandbox.prepare(guest);
  expect(loaded()).toBe(before + 1);
  await expect.poll(() => bed.lines.map(({ text }) => text)).toContain('loaded');
  await sandbox.prepare(guest);
  const [first, second] = [await sandbox.call(bed.get(guest)), await sandbox.call(bed.get(guest))];
  expect([first, second].map((each) => bed.read(each).json)).toEqual([1, 2]);
  expect([first, second].map(isCold)).toEqual([true, false]);
  expect(asked.filter((digest) => digest === guest.digest)).toHaveLength(1);
  expect(loaded()).toBe(before + 1);
});

test('a call that comes while its guest is prepared shares the isolate', async () => {
  const guest = bed.guest({ 'index.js': COUNTER });
  const before = loaded();
  const { promise, resolve } = Promise.withResolvers<void>();
  handOver = promise;
  const preparing = sandbox.prepare(guest);
  const calls = [sandbox.call(bed.get(guest)), sandbox.call(bed.get(guest))];
  // It waits no longer than it is worth.
  await preparing;
  expect(loaded()).toBe(before);
  resolve();
  const answers = (await Promise.all(calls)).map((each) => bed.read(each).json);
  expect(answers.sort()).toEqual([1, 2]);
  expect(loaded()).toBe(before + 1);
});

test('what is unloaded while it is prepared is not loaded after that', async () => {
  const guest = bed.guest({ 'index.js': COUNTER });
  const before = loaded();
  const { promise, resolve } = Promise.withResolvers<void>();
  handOver = promise;
  await sandbox.prepare(guest);
  sandbox.unload(guest.installationId);
  resolve();
  await sandbox.prepare(bed.guest({ 'index.js': COUNTER }));
  expect(loaded()).toBe(before + 1);
  expect(asked).toContain(guest.digest);
});

test('what cannot be loaded is told by the call, and by nothing before', async () => {
  const lost = bed.guest({ 'index.js': '' }, { digest: 'nowhere' });
  const broken = bed.guest({ 'index.js': 'export default' });
  const before = loaded();
  await sandbox.prepare(lost);
  await sandbox.prepare(broken);
  await expect.poll(loaded).toBe(before);
  expect((await sandbox.call(bed.get(lost))).outcome).toBe('internalError');
  expect((await sandbox.call(bed.get(broken))).outcome).toBe('exception');
});

test('a guest that may not run is not prepared', async () => {
  const closed = await createSandbox({ ...bed.options, packages });
  await closed.close();
  const guest = bed.guest({ 'index.js': COUNTER });
  await closed.prepare(guest);
  expect(asked).not.toContain(guest.digest);
  expect(closed.health().runners).toEqual([]);
});
