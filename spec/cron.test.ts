import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { nextRuns, parseCron, type CronSchedule } from './cron.ts';

const sound = (cron: string, zone?: string): CronSchedule => {
  const parsed = parseCron(cron, zone);
  if (typeof parsed === 'string') throw new TypeError(parsed);
  return parsed;
};
const times = (cron: string, zone: string, after: string, count: number): string[] =>
  nextRuns(sound(cron, zone), new Date(after), count).map((time) => time.toISOString());

describe('a cron expression', () => {
  it('is due in its time zone, through both changes of the clock', () => {
    expect(times('*/15 * * * *', 'UTC', '2026-01-01T00:07:00Z', 2)).toEqual([
      '2026-01-01T00:15:00.000Z',
      '2026-01-01T00:30:00.000Z',
    ]);
    // On 29 March 2026 there is no 02:30 in Berlin, on 25 October there are two.
    expect(times('30 2 * * *', 'Europe/Berlin', '2026-03-28T12:00:00Z', 2)).toEqual([
      '2026-03-29T01:00:00.000Z',
      '2026-03-30T00:30:00.000Z',
    ]);
    expect(times('30 2 * * *', 'Europe/Berlin', '2026-10-24T12:00:00Z', 2)).toEqual([
      '2026-10-25T00:30:00.000Z',
      '2026-10-26T01:30:00.000Z',
    ]);
    expect(times('0 9 1 * MON', 'UTC', '2026-01-02T00:00:00Z', 2)).toEqual([
      '2026-01-05T09:00:00.000Z',
      '2026-01-12T09:00:00.000Z',
    ]);
  });

  it.each([
    ['0 0 30 2 *', 'UTC', 'never due'],
    ['* * * * * *', 'UTC', 'five fields'],
    ['2026-12-24T00:00:00', 'UTC', 'five fields'],
    ['TZ=UTC * * * *', 'UTC', 'five fields'],
    ['61 * * * *', 'UTC', 'not cron'],
    ['*/0 * * * *', 'UTC', 'not cron'],
    ['99999999999999999999 * * * *', 'UTC', 'not cron'],
    [`${'1,'.repeat(60)}1 * * * *`, 'UTC', 'five fields'],
    ['* * * * *', 'Mars/Olympus', 'time zone'],
    ['* * * * *', '../etc', 'time zone'],
  ])('%s in %s is refused: %s', (cron, zone, why) => {
    expect(parseCron(cron, zone)).toContain(why);
  });

  it('is answered for whatever is written, and never backwards in time', () => {
    const field = fc.stringMatching(/^[0-9*?,/#L-]{1,8}$/u);
    fc.assert(
      fc.property(fc.array(field, { minLength: 5, maxLength: 5 }), (fields) => {
        const parsed = parseCron(fields.join(' '));
        if (typeof parsed === 'string') return;
        const after = new Date('2026-05-05T05:05:05Z');
        const runs = nextRuns(parsed, after, 3).map((time) => time.getTime());
        expect(runs).toEqual([...runs].sort((left, right) => left - right));
        for (const run of runs) expect(run).toBeGreaterThan(after.getTime());
      }),
      { numRuns: 200 },
    );
  });
});
