/** Runs: begun with a seed, ended with a time, looked at by an administrator, scored. */
import type { Host } from 'souk/sdk';
import { isDenied, messageOf, Problem } from '../../core-kit/problem.ts';
import { below, current, qualifiers, runs, type Permalink, type Run } from './model.ts';
import { draw, requirePool } from './pools.ts';
import { scored } from './scoring.ts';

/** @throws Problem `run_open`, `pool_done` or `pool_empty` */
export async function start(
  qualifier: string,
  pool: string,
  player: string,
  host: Host,
): Promise<Run & { seed: Permalink }> {
  const [{ isOpen, runsPerPool }] = await requirePool(qualifier, pool, host);
  if (!isOpen) throw new Problem(409, 'qualifier_closed', `${qualifier} is closed.`);
  const own = (await runs.list(host, below(qualifier))).filter(
    (run) => run.player === player && run.pool === pool,
  );
  if (own.length >= runsPerPool)
    throw new Problem(409, 'pool_done', `You have had all ${runsPerPool} runs of the pool ${pool}.`);
  const seed = await draw(qualifier, pool, player, host);
  const run = newRun(below(qualifier, crypto.randomUUID()), {
    qualifier,
    pool,
    permalink: seed.permalink,
    player,
  });
  await runs.save(run.run, run, host);
  // One of two that begin at the same time gets the row.
  if (!(await current.add(below(qualifier, player), run.run, host))) {
    await runs.remove(run.run, host);
    throw new Problem(409, 'run_open', 'Finish or forfeit the run that you are at.');
  }
  return { ...run, seed };
}

export function newRun(run: string, of: Pick<Run, 'qualifier' | 'pool' | 'permalink' | 'player'>): Run {
  const startedAt = new Date().toISOString();
  return {
    run,
    ...of,
    startedAt,
    state: 'running',
    review: 'pending',
    elapsedMs: null,
    vod: null,
    score: null,
  };
}

export type Ending =
  | { readonly state: 'finished'; readonly elapsedMs: number; readonly vod: string | null }
  | { readonly state: 'forfeited' };

/** @param player whose it has to be; another's is not there */
export async function end(id: string, player: string, ending: Ending, host: Host): Promise<Run> {
  const run = await runs.change(id, host, (before) => {
    if (before.player !== player) throw new Problem(404, 'not_found', 'You have no such run.');
    if (before.state !== 'running') throw new Problem(409, 'run_ended', 'This run has ended.');
    const sinceMs = Date.now() - Date.parse(before.startedAt);
    if (ending.state === 'finished' && ending.elapsedMs > sinceMs)
      throw new Problem(422, 'time_impossible', `The run began ${Math.floor(sinceMs / 1000)} s ago.`);
    return { ...before, ...ending };
  });
  const place = below(run.qualifier, player);
  if ((await current.find(place, host)) === id) await current.remove(place, host);
  return run;
}

export async function review(id: string, verdict: 'approved' | 'rejected', host: Host): Promise<Run> {
  const { qualifier } = await runs.change(id, host, (before) => {
    if (before.state !== 'finished')
      throw new Problem(409, 'run_not_finished', 'Only finished runs are looked at.');
    return { ...before, review: verdict };
  });
  await calculate(qualifier, host);
  const run = await runs.need(id, host);
  if (verdict === 'approved') await tell(run, host);
  return run;
}

/** Every approved run moves the par of its seed, and with it the points of the others. */
export async function calculate(qualifier: string, host: Host): Promise<number> {
  const { parRuns } = host.config as { parRuns: number };
  const changed = scored(await runs.list(host, below(qualifier)), parRuns);
  for (const { run, score } of changed) await runs.change(run, host, (before) => ({ ...before, score }));
  return changed.length;
}

/** Runs that nobody ended are forfeited, and all points are counted anew. */
export async function calculateAll(host: Host): Promise<{ forfeited: number; changed: number }> {
  const { hoursMax } = host.config as { hoursMax: number };
  const report = { forfeited: 0, changed: 0 };
  for (const { qualifier } of await qualifiers.list(host)) {
    for (const run of await runs.list(host, below(qualifier))) {
      if (run.state !== 'running' || Date.parse(run.startedAt) + hoursMax * 3_600_000 > Date.now()) continue;
      await end(run.run, run.player, { state: 'forfeited' }, host);
      report.forfeited += 1;
    }
    report.changed += await calculate(qualifier, host);
  }
  return report;
}

async function tell({ run, qualifier, player, score }: Run, host: Host): Promise<void> {
  try {
    await host.events.emit('qualifier.run-finished', { run, qualifier, player, score }, { key: qualifier });
  } catch (error) {
    if (!isDenied(error)) throw error;
    host.log.warn('not told:', messageOf(error));
  }
}
