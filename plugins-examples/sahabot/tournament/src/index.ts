/** Tournaments: matches, when they are played, who helps, and who won. */
import type { Plugin } from 'souk/sdk';
import { makeApp } from '../../core-kit/app.ts';
import { requirePerson } from '../../core-kit/people.ts';
import { Problem } from '../../core-kit/problem.ts';
import { commandProvider } from '../../core-kit/words.ts';
import { onEpisode } from './episodes.ts';
import {
  addMatch,
  approve,
  finish,
  listMatches,
  removeTournament,
  schedule,
  signUp,
  type MatchWish,
} from './matches.ts';
import { matches, tournaments, type CrewRole, type Tournament } from './model.ts';
import { onRaceFinished, openRoom, openSoon } from './rooms.ts';
import { tellTournament } from './telling.ts';
import { tournamentCommand } from './typed.ts';

const app = makeApp();

app.get('/tournaments', async ({ env, json }) => json({ tournaments: await tournaments.list(env) }));

app.post('/tournaments', async ({ env, req, json }) => {
  const tournament: Tournament = { ...(await req.json<Omit<Tournament, 'isOpen'>>()), isOpen: true };
  if (!(await tournaments.add(tournament.tournament, tournament, env)))
    throw new Problem(409, 'tournament_exists', `There is a tournament ${tournament.tournament} already.`);
  await tellTournament('created', tournament, env);
  return json(tournament, 201);
});

app.get('/tournaments/:tournament', async ({ env, req, json }) => {
  const tournament = await tournaments.need(req.param('tournament'), env);
  return json({ ...tournament, matches: await listMatches(env, tournament.tournament) });
});

app.patch('/tournaments/:tournament', async ({ env, req, json }) => {
  const change = await req.json<Partial<Tournament>>();
  const tournament = await tournaments.change(req.param('tournament'), env, (before) => ({
    ...before,
    ...change,
  }));
  await tellTournament('updated', tournament, env);
  return json(tournament);
});

app.delete('/tournaments/:tournament', async (context) => {
  await removeTournament(context.req.param('tournament'), context.env);
  return context.body(null, 204);
});

app.post('/tournaments/:tournament/matches', async ({ env, req, json }) => {
  const tournament = await tournaments.need(req.param('tournament'), env);
  return json(await addMatch(tournament, await req.json<MatchWish>(), env), 201);
});

app.get('/matches', async ({ env, json }) => json({ matches: await listMatches(env) }));
app.get('/matches/:match', async ({ env, req, json }) => json(await matches.need(req.param('match'), env)));

app.put('/matches/:match/schedule', async ({ env, req, json }) => {
  const { scheduledAt } = await req.json<{ scheduledAt: string }>();
  return json(await schedule(req.param('match'), scheduledAt, env));
});

app.put('/matches/:match/result', async ({ env, req, json }) => {
  const { winner } = await req.json<{ winner: string }>();
  return json(await finish(req.param('match'), winner, env));
});

app.post('/matches/:match/room', async ({ env, req, json }) =>
  json({ race: await openRoom(req.param('match'), env) }),
);
app.post('/rooms', async ({ env, json }) => json(await openSoon(env)));

app.post('/matches/:match/crew', async ({ env, req, json }) => {
  const { role } = await req.json<{ role: CrewRole }>();
  return json(await signUp(req.param('match'), `souk:${requirePerson(env.caller)}`, role, env), 201);
});

app.put('/matches/:match/crew', async ({ env, req, json }) => {
  const { who, role } = await req.json<{ who: string; role: CrewRole }>();
  return json(await approve(req.param('match'), who, role, env));
});

export default {
  fetch: (request, host) => app.fetch(request, host),
  contracts: { 'cli-command-provider@1': commandProvider(tournamentCommand) },
  events: {
    'race.finished': ({ data }, host) => onRaceFinished(data, host),
    'episode.scheduled': onEpisode,
    'episode.changed': onEpisode,
  },
  schedules: { 'auto-room-creation': (_tick, host) => openSoon(host) },
} satisfies Plugin;
