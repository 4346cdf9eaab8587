/** What the core packages count, read and refuse, without a server. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Json, Plugin } from 'souk/sdk';
import { createTestHost } from '../../../sdk/testing/index.ts';
import { parOf, pointsOf, scored, standings } from '../async-qualifier/src/scoring.ts';
import type { Qualifier, Run } from '../async-qualifier/src/model.ts';
import bingosync from '../bingosync/src/index.ts';
import bingosyncManifest from '../bingosync/manifest.json' with { type: 'json' };
import { isMeant } from '../notifications/src/subscriptions.ts';
import { textOf } from '../notifications/src/text.ts';
import { millisecondsOf } from '../racetime/src/race.ts';
import tournament from '../tournament/src/index.ts';
import tournamentManifest from '../tournament/manifest.json' with { type: 'json' };

const time = fc.integer({ min: 1, max: 86_400_000 });

describe('points', () => {
  it('are 100 at par, none at twice of it, and never more for a slower run', () => {
    fc.assert(
      fc.property(time, time, time, (one, other, par) => {
        expect(pointsOf(par, par)).toBe(100);
        expect(pointsOf(par * 2, par)).toBe(0);
        const [fast, slow] = one < other ? [one, other] : [other, one];
        expect(pointsOf(fast, par)).toBeGreaterThanOrEqual(pointsOf(slow, par));
        expect(pointsOf(fast, par)).toBeLessThanOrEqual(105);
      }),
    );
  });

  it('take the par from the best runs alone', () => {
    expect(parOf([50, 10, 20, 90], 2)).toBe(15);
    expect(parOf([], 5)).toBeNull();
  });

  it('count approved runs, and nothing for a forfeit or a pool that was not played', () => {
    const run = (player: string, more: Partial<Run>): Run => ({
      run: player,
      qualifier: 'q',
      pool: 'a',
      permalink: 'p',
      player,
      startedAt: '',
      state: 'finished',
      review: 'approved',
      elapsedMs: 100,
      vod: null,
      score: null,
      ...more,
    });
    const runs = [
      run('ada', {}),
      run('eve', { state: 'forfeited', elapsedMs: null }),
      run('mallory', { review: 'pending', elapsedMs: 1 }),
    ];
    const after = scored(runs, 5);
    expect(after.map(({ player, score }) => [player, score])).toEqual([
      ['ada', 100],
      ['eve', 0],
    ]);
    expect(scored(after, 5)).toEqual([]);
    const pools = ['a', 'b'].map((pool) => ({ pool, randomizer: 'alttpr', preset: 'n/p' }));
    const qualifier: Qualifier = {
      qualifier: 'q',
      title: '',
      category: '',
      isOpen: true,
      runsPerPool: 1,
      pools,
    };
    expect(standings(qualifier, after)).toEqual([
      { player: 'ada', score: 50, runs: 1 },
      { player: 'eve', score: 0, runs: 1 },
    ]);
  });
});

describe('what platforms and people write', () => {
  it('is read as a duration, or not at all', () => {
    expect(millisecondsOf('P0DT01H23M45.678901S')).toBe(5_025_679);
    expect(millisecondsOf('PT0S')).toBe(0);
    for (const text of ['', '1:23', 'P1Y', '-PT1S']) expect(millisecondsOf(text)).toBeNull();
  });

  it('is the event that was meant', () => {
    expect(isMeant('match.*', 'match.finished')).toBe(true);
    expect(isMeant('match.*', 'matches.finished')).toBe(false);
    expect(isMeant('match.finished', 'match.scheduled')).toBe(false);
  });

  it('is told in one line, whatever stands in it', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.constantFrom('match.finished', 'constructor', 'x.y'), (data, name) => {
        const text = textOf({ name, data: data as Json });
        expect(text.length).toBeLessThanOrEqual(1_900);
      }),
    );
    expect(textOf({ name: 'match.finished', data: { title: 'A\r\nBcc: eve', winner: 'B' } })).toBe(
      'A Bcc: eve is over. Winner: B.',
    );
  });
});

describe('without the permission kv', () => {
  it.each<[string, Plugin, unknown, string]>([
    ['tournaments', tournament, tournamentManifest, '/tournaments'],
    ['rooms of bingo', bingosync, bingosyncManifest, '/rooms'],
  ])('%s say so', async (_name, plugin, manifest, path) => {
    const host = createTestHost({ manifest, deny: ['kv'] });
    const answer = await host.fetch(plugin, path);
    expect([answer.status, await answer.json()]).toMatchObject([403, { code: 'permission_denied' }]);
  });
});

describe('ids that no key can be', () => {
  it.each(['__proto__', '%00', '..%2F..', 'a'.repeat(300)])('%s is not there', async (id) => {
    const host = createTestHost({ manifest: tournamentManifest });
    expect((await host.fetch(tournament, `/matches/${id}`)).status).toBe(404);
  });
});
