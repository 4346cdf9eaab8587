import { expect, test } from 'vitest';

import { FairQueue } from './fair-queue.ts';

test('lanes take turns, and each keeps its order', async () => {
  const queue = new FairQueue();
  const done: string[] = [];
  for (const name of ['a1', 'a2', 'a3', 'b1', 'c1', 'c2'])
    queue.add(name.charCodeAt(0), () => void done.push(name));
  queue.work();
  // A slice may end after any task: the rest is done in later turns of the event loop.
  await expect.poll(() => done).toEqual(['a1', 'b1', 'c1', 'a2', 'c2', 'a3']);
});

test('what is added by a task is done as well', async () => {
  const queue = new FairQueue();
  const done: number[] = [];
  queue.add(1, () => queue.add(1, () => void done.push(2)));
  queue.work();
  await expect.poll(() => done).toEqual([2]);
});

test('a long queue lets the event loop have its turn', async () => {
  const queue = new FairQueue();
  let done = 0;
  const spin = (): void => {
    const untilMs = performance.now() + 4;
    while (performance.now() < untilMs);
    done += 1;
  };
  for (let task = 0; task < 10; task++) queue.add(1, spin);
  queue.work();
  expect(done).toBeLessThan(10);
  await expect.poll(() => done).toBe(10);
});
