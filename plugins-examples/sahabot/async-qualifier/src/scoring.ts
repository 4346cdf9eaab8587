/** Points: how a run stands to the best runs of the same seed. */
import type { Qualifier, Run } from './model.ts';

/** The par of a seed is the mean of its best runs; who is at par has 100 points, who takes twice as long none. */
const POINTS_AT_PAR = 100;
const POINTS_MAX = 105;

/** @param times of approved runs of one seed, in milliseconds. @param parRuns how many of the best make the par */
export function parOf(times: readonly number[], parRuns: number): number | null {
  const best = times.toSorted((one, other) => one - other).slice(0, parRuns);
  return best.length === 0 ? null : best.reduce((sum, time) => sum + time, 0) / best.length;
}

export function pointsOf(elapsedMs: number, parMs: number): number {
  const points = (2 - elapsedMs / parMs) * POINTS_AT_PAR;
  return Math.round(Math.min(POINTS_MAX, Math.max(0, points)) * 100) / 100;
}

/** @returns the runs whose points are no longer those that they have */
export function scored(runs: readonly Run[], parRuns: number): Run[] {
  const pars = new Map(
    [...Map.groupBy(runs.filter(isCounted), ({ permalink }) => permalink)].map(([permalink, group]) => [
      permalink,
      parOf(
        group.map(({ elapsedMs }) => elapsedMs),
        parRuns,
      ),
    ]),
  );
  return runs.flatMap((run) => {
    const score = scoreOf(run, pars.get(run.permalink) ?? null);
    return score === run.score ? [] : [{ ...run, score }];
  });
}

function scoreOf(run: Run, par: number | null): number | null {
  if (run.state === 'forfeited') return 0;
  return isCounted(run) && par !== null && par > 0 ? pointsOf(run.elapsedMs, par) : null;
}

function isCounted(run: Run): run is Run & { elapsedMs: number } {
  return run.state === 'finished' && run.review === 'approved' && run.elapsedMs !== null;
}

export type Standing = { readonly player: string; readonly score: number; readonly runs: number };

/** The mean over all runs that a qualifier asks for; one that was not played has no points. */
export function standings({ pools, runsPerPool }: Qualifier, runs: readonly Run[]): Standing[] {
  const wanted = pools.length * runsPerPool;
  return [
    ...Map.groupBy(
      runs.filter(({ score }) => score !== null),
      ({ player }) => player,
    ),
  ]
    .map(([player, own]) => {
      const counted = pools.flatMap(({ pool }) =>
        own.filter((run) => run.pool === pool).slice(0, runsPerPool),
      );
      const sum = counted.reduce((total, { score }) => total + (score ?? 0), 0);
      return { player, score: Math.round((sum / wanted) * 100) / 100, runs: counted.length };
    })
    .toSorted((one, other) => other.score - one.score || (one.player < other.player ? -1 : 1));
}
