import { join } from 'node:path';
import ivm from 'isolated-vm';
import { expect, test } from 'vitest';

import { bundleGuest } from '../guest/bundle.ts';
import { POST } from '../guest/bridge.ts';
import { warmUpScript } from './warm-up.ts';

const { script } = await bundleGuest(join(import.meta.dirname, '../guest/main.ts'));

test('goes all the way to an answer', () => {
  const isolate = new ivm.Isolate();
  const context = isolate.createContextSync();
  const posts: unknown[][] = [];
  context.global.setSync('note', new ivm.Callback((...args: unknown[]) => void posts.push(args)));
  context.evalSync(script);
  // The script boots with a callback of its own; this one listens as well.
  context.evalSync(`{
    const boot = soukBoot;
    const value = (post) => boot((...args) => { note(...args); return post(...args); });
    Object.defineProperty(globalThis, 'soukBoot', { value });
  }`);
  context.evalSync(warmUpScript());
  const done = posts.find(([operation]) => operation === POST.done);
  expect(done?.slice(1, 3)).toEqual([1, 'ok']);
  expect(JSON.parse(String(done?.[4]))).toEqual({
    key: 1,
    type: 'application/json',
    plugin: 'souk/warm-up',
    log: 'function',
  });
  isolate.dispose();
});

test('leaves nothing in the contexts that are made from the snapshot', () => {
  const source = { code: script, filename: 'souk:guest' };
  const globalsAfter = (snapshot: ivm.ExternalCopy<ArrayBuffer>): unknown => {
    const isolate = new ivm.Isolate({ snapshot });
    const context = isolate.createContextSync();
    const names = context.evalSync('JSON.stringify(Reflect.ownKeys(globalThis).map(String).sort())');
    const hasBoot = context.evalSync('typeof soukBoot');
    const post = new ivm.Callback(() => 1);
    // Without settings no run can begin: those of the warm-up would let it.
    const begin = (): unknown => context.evalClosureSync(`soukBoot($0)(3, 1, 'endpoint', '{}')`, [post]);
    expect(begin).toThrow("reading 'raw'");
    isolate.dispose();
    return { names, hasBoot };
  };
  const cold = globalsAfter(ivm.Isolate.createSnapshot([source]));
  expect(globalsAfter(ivm.Isolate.createSnapshot([source], warmUpScript()))).toEqual(cold);
});
