import { afterEach, describe, expect, test } from 'vitest';
import { deadEnds } from './support/problem-shapes.ts';
import { problemOf } from './support/problem-literals.ts';
import { ResolverThread } from './resolver-thread.ts';

const AMPLE = { stepsMax: 50_000_000, wallTimeMsMax: 30_000 };
const SMALL = problemOf({ registry: { 'a 1.0.0': { b: '^1.0.0' }, 'b 1.0.0': {} }, asked: { a: '*' } });
const UNSOLVABLE = problemOf({ registry: { 'a 1.0.0': { b: '^2.0.0' }, 'b 1.0.0': {} }, asked: { a: '*' } });

const thread = new ResolverThread();
afterEach(() => thread.close());

describe('a resolver thread', () => {
  test('answers as the resolver does', async () => {
    const { plugins, activationOrder } = await thread.resolve(SMALL, AMPLE);
    expect([...plugins.keys()]).toEqual(['a', 'b']);
    expect(activationOrder).toEqual(['b', 'a']);
  });

  test('passes a refusal on whole, and answers the next problem', async () => {
    await expect(thread.resolve(UNSOLVABLE, AMPLE)).rejects.toMatchObject({
      code: 'resolution_impossible',
      message:
        'Because you asked for a which depends on b ^2.0.0, which no version of b fits, version solving failed.',
      extensions: { droppable: [{ plugin: 'a' }] },
    });
    await expect(thread.resolve(SMALL, AMPLE)).resolves.toMatchObject({ activationOrder: ['b', 'a'] });
  });

  test('leaves the event loop free while it works', async () => {
    let turns = 0;
    const ticking = setInterval(() => (turns += 1), 5);
    await thread.resolve(deadEnds(60, 100, 'own'), AMPLE).catch(() => undefined);
    clearInterval(ticking);
    expect(turns).toBeGreaterThan(0);
  });

  test('keeps to its steps', async () => {
    const promise = thread.resolve(deadEnds(60, 100, 'own'), { ...AMPLE, stepsMax: 10_000 });
    await expect(promise).rejects.toMatchObject({ code: 'resolution_budget_exceeded' });
  });

  test('is stopped at its deadline, which counts from the call', async () => {
    const first = thread.resolve(deadEnds(200, 100, 'own'), { ...AMPLE, wallTimeMsMax: 200 });
    const second = thread.resolve(SMALL, { ...AMPLE, wallTimeMsMax: 0 });
    await expect(first).rejects.toMatchObject({ code: 'resolution_budget_exceeded' });
    await expect(second).rejects.toMatchObject({ code: 'resolution_budget_exceeded' });
    await expect(thread.resolve(SMALL, AMPLE)).resolves.toMatchObject({ activationOrder: ['b', 'a'] });
  });

  test('is canceled by the signal in the middle of its work, and starts anew', async () => {
    const controller = new AbortController();
    const promise = thread.resolve(deadEnds(200, 100, 'own'), { ...AMPLE, signal: controller.signal });
    setTimeout(() => controller.abort(), 50);
    await expect(promise).rejects.toMatchObject({ code: 'resolution_canceled' });
    await expect(thread.resolve(SMALL, AMPLE)).resolves.toMatchObject({ activationOrder: ['b', 'a'] });
  });

  test('takes no more than it can hold in waiting', async () => {
    const settled = await Promise.allSettled(Array.from({ length: 80 }, () => thread.resolve(SMALL, AMPLE)));
    const refused = settled.filter(({ status }) => status === 'rejected');
    expect(settled.length - refused.length).toBe(64);
    expect(refused[0]).toMatchObject({ reason: { code: 'resolution_budget_exceeded' } });
  });
});
