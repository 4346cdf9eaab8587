import { expect, test } from 'vitest';

import { STRIKE_LIMITS } from '../../spec/limits.ts';
import { createStrikes } from './strikes.ts';

function killed(times: number): { strikes: ReturnType<typeof createStrikes>; clock: { now: number } } {
  const clock = { now: 1_000 };
  const strikes = createStrikes(() => clock.now);
  for (let kill = 0; kill < times; kill++) strikes.strike('a', 'the plugin crashed its runner');
  return { strikes, clock };
}

test('fewer kills than the limit open nothing', () => {
  expect(killed(STRIKE_LIMITS.killsMax - 1).strikes.find('a')).toBeUndefined();
});

test('the breaker opens with its reason, for this installation alone', () => {
  const { strikes } = killed(STRIKE_LIMITS.killsMax);
  expect(strikes.find('a')?.reason).toBe('the plugin crashed its runner');
  expect(strikes.find('b')).toBeUndefined();
});

test('kills that lie further apart than the window do not add up', () => {
  const { strikes, clock } = killed(STRIKE_LIMITS.killsMax - 1);
  clock.now += STRIKE_LIMITS.windowMs;
  strikes.strike('a', 'again');
  expect(strikes.find('a')).toBeUndefined();
});

test('the breaker closes after its time, and opens for twice as long at the next kill', () => {
  const { strikes, clock } = killed(STRIKE_LIMITS.killsMax);
  clock.now += STRIKE_LIMITS.breakerMsMin;
  expect(strikes.find('a')).toBeUndefined();
  strikes.strike('a', 'again');
  expect(strikes.find('a')?.untilMs).toBe(clock.now + 2 * STRIKE_LIMITS.breakerMsMin);
});

test('the pause has an end', () => {
  const { strikes, clock } = killed(STRIKE_LIMITS.killsMax);
  for (let round = 0; round < 20; round++) {
    clock.now = (strikes.find('a')?.untilMs ?? clock.now) + 1;
    strikes.strike('a', 'again');
  }
  expect((strikes.find('a')?.untilMs ?? 0) - clock.now).toBeLessThanOrEqual(STRIKE_LIMITS.breakerMsMax);
});

test('who is forgiven starts afresh', () => {
  const { strikes } = killed(STRIKE_LIMITS.killsMax);
  strikes.forgive('a');
  expect(strikes.find('a')).toBeUndefined();
  expect(strikes.open).toEqual([]);
});
