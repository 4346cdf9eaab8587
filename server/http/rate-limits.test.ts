import { describe, expect, it, test } from 'vitest';
import type { Principal } from '../../identity/index.ts';
import type { Refusal } from '../../spec/refusal.ts';
import { codeOf } from '../../tests/support/refusals.ts';
import { clientAddress, createRateLimits } from './rate-limits.ts';

const READ = { method: 'GET' } as const;
const WRITE = { method: 'POST' } as const;
const holder = (tokenId: string): Principal => ({ tokenId }) as Principal;

describe('rate limits', () => {
  it('counts reads and writes apart, by token before address', async () => {
    const limits = createRateLimits({ readsPerMinuteMax: 2, writesPerMinuteMax: 1 });
    for (let count = 0; count < 2; count += 1) await limits.admit(READ, holder('a'), '192.0.2.1');
    expect(await codeOf(() => limits.admit(READ, holder('a'), '192.0.2.2'))).toBe('rate_limited');
    await limits.admit(WRITE, holder('a'), '192.0.2.1');
    await limits.admit(READ, holder('b'), '192.0.2.1');
    await limits.admit(READ, null, '192.0.2.1');
  });

  it('says when to come back', async () => {
    const limits = createRateLimits({ readsPerMinuteMax: 1, writesPerMinuteMax: 1 });
    await limits.admit(READ, null, '192.0.2.1');
    const refusal = await limits.admit(READ, null, '192.0.2.1').catch((error: unknown) => error);
    const { retryAfterSeconds } = (refusal as Refusal).extensions as { retryAfterSeconds: number };
    expect(retryAfterSeconds).toBeGreaterThan(0);
    expect(retryAfterSeconds).toBeLessThanOrEqual(60);
  });

  it('takes a /64 of IPv6 for one client, and the next for another', async () => {
    const limits = createRateLimits({ readsPerMinuteMax: 1, writesPerMinuteMax: 1 });
    await limits.admit(READ, null, '2001:db8:0:1::1');
    expect(await codeOf(() => limits.admit(READ, null, '2001:db8:0:1:ffff:2:3:4'))).toBe('rate_limited');
    await limits.admit(READ, null, '2001:db8:0:2::1');
  });

  it('lets everything pass with 0, and what is unlimited always', async () => {
    const none = createRateLimits({ readsPerMinuteMax: 0, writesPerMinuteMax: 0 });
    for (let count = 0; count < 50; count += 1) await none.admit(READ, null, '192.0.2.1');
    const one = createRateLimits({ readsPerMinuteMax: 1, writesPerMinuteMax: 1 });
    for (let count = 0; count < 50; count += 1)
      await one.admit({ ...READ, rate: 'unlimited' }, null, '192.0.2.1');
  });

  it('counts an organization with limits of its own apart, and one without with all others', async () => {
    const own = new Map([['own', { readsPerMinuteMax: 1, writesPerMinuteMax: 5 }]]);
    const usual = { readsPerMinuteMax: 2, writesPerMinuteMax: 5 };
    const limits = createRateLimits(usual, (orgId) => own.get(orgId) ?? usual);
    const read = (orgId?: string): Promise<void> => limits.admit(READ, holder('a'), '192.0.2.1', orgId);
    await read('own');
    expect(await codeOf(() => read('own'))).toBe('rate_limited');
    await read('other');
    await read();
    expect(await codeOf(() => read('other'))).toBe('rate_limited');
    own.set('own', { readsPerMinuteMax: 3, writesPerMinuteMax: 5 });
    await read('own');
  });

  it('refuses who tries many tokens', async () => {
    const limits = createRateLimits({ readsPerMinuteMax: 0, writesPerMinuteMax: 0 });
    for (let count = 0; count < 600; count += 1) await limits.countWrongToken('192.0.2.1');
    expect(await codeOf(() => limits.countWrongToken('192.0.2.1'))).toBe('rate_limited');
    await limits.countWrongToken('192.0.2.2');
  });
});

test.each([
  ['no proxy: the header is the client’s own invention', 0, '203.0.113.9', '192.0.2.1'],
  ['one proxy', 1, '203.0.113.9', '203.0.113.9'],
  ['one proxy, and an entry that the client made up', 1, '198.51.100.1, 203.0.113.9', '203.0.113.9'],
  ['two proxies', 2, '198.51.100.1, 203.0.113.9, 192.0.2.7', '203.0.113.9'],
  ['fewer entries than proxies', 3, '203.0.113.9', '203.0.113.9'],
  ['a proxy that says nothing', 1, null, '192.0.2.1'],
])('clientAddress: %s', (_, hops, header, expected) => {
  expect(clientAddress('192.0.2.1', header, hops)).toBe(expected);
});
