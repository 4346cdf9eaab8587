/** What becomes of a match. */
import type { Host } from 'souk/sdk';
import { Problem } from '../../core-kit/problem.ts';
import { bySchedule, matches, tournaments, type CrewRole, type Match, type Tournament } from './model.ts';
import { tellMatch } from './telling.ts';

export type MatchWish = {
  readonly title: string;
  readonly players: readonly string[];
  readonly scheduledAt?: string;
};

/** @param id where the match has one already; made up otherwise */
export async function addMatch(
  { tournament, isOpen }: Tournament,
  { title, players, scheduledAt }: MatchWish,
  host: Host,
  id: string = crypto.randomUUID(),
): Promise<Match> {
  if (!isOpen) throw new Problem(409, 'tournament_closed', `${tournament} takes no more matches.`);
  const match: Match = {
    match: id,
    tournament,
    title,
    players,
    scheduledAt: scheduledAt === undefined ? null : new Date(scheduledAt).toISOString(),
    state: 'open',
    winner: null,
    room: null,
    crew: [],
  };
  await matches.add(id, match, host);
  if (match.scheduledAt !== null) await tellMatch('scheduled', match, host);
  return match;
}

export async function listMatches(host: Host, tournament?: string): Promise<Match[]> {
  const all = await matches.list(host);
  return all
    .filter((each) => tournament === undefined || each.tournament === tournament)
    .toSorted(bySchedule);
}

export async function schedule(id: string, time: string, host: Host): Promise<Match> {
  const scheduledAt = new Date(time).toISOString();
  const match = await matches.change(id, host, (before) => ({ ...requireOpen(before), scheduledAt }));
  await tellMatch('scheduled', match, host);
  return match;
}

export async function finish(id: string, winner: string, host: Host): Promise<Match> {
  const match = await matches.change(id, host, (before) => {
    if (!before.players.includes(winner)) {
      const players = before.players.join(', ');
      throw new Problem(422, 'winner_unknown', `${winner} does not play in ${before.title}: ${players}.`);
    }
    return { ...requireOpen(before), state: 'finished', winner };
  });
  await tellMatch('finished', match, host);
  return match;
}

function requireOpen(match: Match): Match {
  if (match.state === 'open') return match;
  throw new Problem(409, 'match_finished', `${match.title} is over: ${match.winner} won.`);
}

/** Somebody asks to help; once for each role. */
export function signUp(id: string, who: string, role: CrewRole, host: Host): Promise<Match> {
  return matches.change(id, host, (before) => {
    if (before.crew.some((each) => each.who === who && each.role === role)) return before;
    return { ...requireOpen(before), crew: [...before.crew, { who, role, state: 'asked' }] };
  });
}

export function approve(id: string, who: string, role: CrewRole, host: Host): Promise<Match> {
  return matches.change(id, host, (before) => {
    const isMeant = (each: Match['crew'][number]): boolean => each.who === who && each.role === role;
    if (!before.crew.some(isMeant))
      throw new Problem(404, 'not_found', `${who} has not asked to be ${role} of ${before.title}.`);
    const crew = before.crew.map((each) => (isMeant(each) ? { ...each, state: 'approved' as const } : each));
    return { ...before, crew };
  });
}

export async function removeTournament(id: string, host: Host): Promise<void> {
  for (const { match } of await listMatches(host, id)) await matches.remove(match, host);
  await tournaments.remove(id, host);
}
