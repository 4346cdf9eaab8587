import { afterEach, describe, expect, test } from 'vitest';
import { deadEnds } from './support/problem-shapes.ts';
import { problemOf } from './support/problem-literals.ts';
import { ResolverThread } from './resolver-thread.ts';

const ORG = 'org';
const AMPLE = { waitMsMax: 60_000, stepsMax: 50_000_000, wallTimeMsMax: 30_000 };
const SMALL = problemOf({ registry: { 'a 1.0.0': { b: '^1.0.0' }, 'b 1.0.0': {} }, asked: { a: '*' } });
const UNSOLVABLE = problemOf({ registry: { 'a 1.0.0': { b: '^2.0.0' }, 'b 1.0.0': {} }, asked: { a: '*' } });

const thread = new ResolverThread();
afterEach(() => thread.close());

describe('a resolver thread', () => {
  test('answers as the resolver does', async () => {
    const { plugins, activationOrder } = await thread.resolve(SMALL, AMPLE, ORG);
    expect([...plugins.keys()]).toEqual(['a', 'b']);
    expect(activationOrder).toEqual(['b', 'a']);
  });

  test('passes a refusal on whole, and answers the next problem', async () => {
    await expect(thread.resolve(UNSOLVABLE, AMPLE, ORG)).rejects.toMatchObject({
      code: 'resolution_impossible',
      message:
        'Because you asked for a which depends on b ^2.0.0, which no version of b fits, version solving failed.',
      extensions: { droppable: [{ plugin: 'a' }] },
    });
    await expect(thread.resolve(SMALL, AMPLE, ORG)).resolves.toMatchObject({ activationOrder: ['b', 'a'] });
  });

  test('leaves the event loop free while it works', async () => {
    let turns = 0;
    const ticking = setInterval(() => (turns += 1), 5);
    await thread.resolve(deadEnds(60, 100, 'own'), AMPLE, ORG).catch(() => undefined);
    clearInterval(ticking);
    expect(turns).toBeGreaterThan(0);
  });

  test('keeps to its steps', async () => {
    const promise = thread.resolve(deadEnds(60, 100, 'own'), { ...AMPLE, stepsMax: 10_000 }, ORG);
    await expect(promise).rejects.toMatchObject({ code: 'resolution_budget_exceeded' });
  });

  test('is stopped at its deadline', async () => {
    const first = thread.resolve(deadEnds(200, 100, 'own'), { ...AMPLE, wallTimeMsMax: 200 }, ORG);
    const second = thread.resolve(SMALL, { ...AMPLE, wallTimeMsMax: 0 }, ORG);
    await expect(first).rejects.toMatchObject({ code: 'resolution_budget_exceeded' });
    await expect(second).rejects.toMatchObject({ code: 'resolution_budget_exceeded' });
    await expect(thread.resolve(SMALL, AMPLE, ORG)).resolves.toMatchObject({ activationOrder: ['b', 'a'] });
  });

  test('is canceled by the signal in the middle of its work, and starts anew', async () => {
    const controller = new AbortController();
    const promise = thread.resolve(deadEnds(200, 100, 'own'), { ...AMPLE, signal: controller.signal }, ORG);
    setTimeout(() => controller.abort(), 50);
    await expect(promise).rejects.toMatchObject({ code: 'resolution_canceled' });
    await expect(thread.resolve(SMALL, AMPLE, ORG)).resolves.toMatchObject({ activationOrder: ['b', 'a'] });
  });

  test('lets owners take turns, and counts the time of each from its turn', async () => {
    const order: string[] = [];
    const slow = { ...AMPLE, wallTimeMsMax: 150 };
    const dead = deadEnds(200, 100, 'own');
    const hostile = Array.from({ length: 4 }, (_, index) =>
      thread.resolve(dead, slow, 'hostile').catch(() => order.push(`hostile ${index}`)),
    );
    // The first has its turn already; all of the second's time is shorter than the other three would take.
    const other = thread.resolve(SMALL, { ...AMPLE, wallTimeMsMax: 10_000 }, ORG).then(() => order.push(ORG));
    await Promise.all([...hostile, other]);
    expect(order).toEqual(['hostile 0', ORG, 'hostile 1', 'hostile 2', 'hostile 3']);
  });

  test('lets nothing wait for longer than it may', async () => {
    const first = thread.resolve(deadEnds(200, 100, 'own'), { ...AMPLE, wallTimeMsMax: 200 }, ORG);
    const second = thread.resolve(SMALL, { ...AMPLE, waitMsMax: 100 }, 'other');
    await expect(first).rejects.toMatchObject({ code: 'resolution_budget_exceeded' });
    await expect(second).rejects.toThrow('100 ms in waiting');
  });

  test('cancels what waits when it is closed', async () => {
    const asked = Array.from({ length: 3 }, () => thread.resolve(deadEnds(60, 100, 'own'), AMPLE, ORG));
    const settled = Promise.allSettled(asked);
    await thread.close();
    const codes = (await settled).map((one) =>
      one.status === 'rejected' ? one.reason.code : one.value.steps,
    );
    expect(codes).toEqual(Array.from({ length: 3 }, () => 'resolution_canceled'));
  });

  test('takes no more than it can hold in waiting, of one owner and of all', async () => {
    const ask = async (owner: string) => {
      const asked = Array.from({ length: 40 }, () => thread.resolve(SMALL, AMPLE, owner));
      return (await Promise.allSettled(asked)).filter(({ status }) => status === 'rejected');
    };
    const refused = await Promise.all(['a', 'b', 'c', 'd', 'e'].map(ask));
    // One of the first is at work and waits no more.
    expect(refused.map(({ length }) => length)).toEqual([7, 8, 8, 8, 40]);
    expect(refused.flat()[0]).toMatchObject({ reason: { code: 'resolution_budget_exceeded' } });
  });
});
