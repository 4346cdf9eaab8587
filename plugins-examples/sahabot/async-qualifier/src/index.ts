/** Qualifiers that everybody plays when they like. */
import type { Host, Plugin } from 'souk/sdk';
import { makeApp } from '../../core-kit/app.ts';
import { requirePerson } from '../../core-kit/people.ts';
import { Problem } from '../../core-kit/problem.ts';
import { commandProvider } from '../../core-kit/words.ts';
import { onRaceFinished, openLive } from './live.ts';
import { below, permalinks, qualifiers, runs, type Qualifier } from './model.ts';
import { addPermalink, requirePresets } from './pools.ts';
import { calculateAll, end, review, start } from './runs.ts';
import { standings, type Standing } from './scoring.ts';

const app = makeApp();

app.get('/qualifiers', async ({ env, json }) => json({ qualifiers: await qualifiers.list(env) }));

app.post('/qualifiers', async ({ env, req, json }) => {
  const wish = await req.json<Omit<Qualifier, 'isOpen' | 'runsPerPool'> & { runsPerPool?: number }>();
  const qualifier: Qualifier = { runsPerPool: 1, ...wish, isOpen: true };
  await requirePresets(qualifier.pools, env);
  if (!(await qualifiers.add(qualifier.qualifier, qualifier, env)))
    throw new Problem(409, 'qualifier_exists', `There is a qualifier ${qualifier.qualifier} already.`);
  return json(qualifier, 201);
});

app.patch('/qualifiers/:qualifier', async ({ env, req, json }) => {
  const change = await req.json<Partial<Qualifier>>();
  return json(await qualifiers.change(req.param('qualifier'), env, (before) => ({ ...before, ...change })));
});

const POOL = '/qualifiers/:qualifier/pools/:pool';

app.post(`${POOL}/permalinks`, async ({ env, req, json }) => {
  const { url = null } = await req.json<{ url?: string }>();
  return json(await addPermalink(req.param('qualifier'), req.param('pool'), url, env), 201);
});

app.post(`${POOL}/live`, async ({ env, req, json }) =>
  json(await openLive(req.param('qualifier'), req.param('pool'), env), 201),
);

app.post(`${POOL}/runs`, async ({ env, req, json }) =>
  json(await start(req.param('qualifier'), req.param('pool'), playerOf(env), env), 201),
);

app.get('/qualifiers/:qualifier/permalinks', async ({ env, req, json }) =>
  json({ permalinks: await permalinks.list(env, below(req.param('qualifier'))) }),
);

app.get('/qualifiers/:qualifier/runs', async ({ env, req, json }) =>
  json({ runs: await runs.list(env, below(req.param('qualifier'))) }),
);

app.post('/runs/:run/finish', async ({ env, req, json }) => {
  const { elapsedMs, vod = null } = await req.json<{ elapsedMs: number; vod?: string }>();
  return json(await end(req.param('run'), playerOf(env), { state: 'finished', elapsedMs, vod }, env));
});

app.post('/runs/:run/forfeit', async ({ env, req, json }) =>
  json(await end(req.param('run'), playerOf(env), { state: 'forfeited' }, env)),
);

app.put('/runs/:run/review', async ({ env, req, json }) => {
  const { verdict } = await req.json<{ verdict: 'approved' | 'rejected' }>();
  return json(await review(req.param('run'), verdict, env));
});

app.get('/qualifiers/:qualifier/leaderboard', async ({ env, req, json }) =>
  json({ leaderboard: await leaderboard(req.param('qualifier'), env) }),
);

app.post('/scores', async ({ env, json }) => json(await calculateAll(env)));

const playerOf = ({ caller }: Host): string => `souk:${requirePerson(caller)}`;

async function leaderboard(id: string, host: Host): Promise<Standing[]> {
  return standings(await qualifiers.need(id, host), await runs.list(host, below(id)));
}

const SHOWN = 10;

export default {
  fetch: (request, host) => app.fetch(request, host),
  contracts: {
    'cli-command-provider@1': commandProvider({
      name: 'qualifier',
      title: 'The leaderboard of a qualifier',
      usage: 'qualifier <qualifier>',
      run: async ({ words: [id = ''] }, host) => {
        const rows = (await leaderboard(id, host)).slice(0, SHOWN);
        return rows.map(({ player, score }, index) => `${index + 1}. ${player} ${score}`);
      },
    }),
  },
  events: { 'race.finished': ({ data }, host) => onRaceFinished(data, host) },
  schedules: { 'calculate-scores': (_tick, host) => calculateAll(host) },
} satisfies Plugin;
