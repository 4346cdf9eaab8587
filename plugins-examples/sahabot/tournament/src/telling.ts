/** What other plugins hear. Events of one match or tournament come in order. */
import type { Host, Json } from 'souk/sdk';
import { isDenied, messageOf } from '../../core-kit/problem.ts';
import type { Match, Tournament } from './model.ts';

export function tellTournament(
  what: 'created' | 'updated',
  tournament: Tournament,
  host: Host,
): Promise<void> {
  return tell(`tournament.${what}`, tournament.tournament, tournament, host);
}

/** Who helps is for the members to see. */
export function tellMatch(what: 'scheduled' | 'finished', match: Match, host: Host): Promise<void> {
  const { crew: _crew, ...data } = match;
  return tell(`match.${what}`, match.match, data, host);
}

async function tell(name: string, key: string, data: Json, host: Host): Promise<void> {
  try {
    await host.events.emit(name, data, { key });
  } catch (error) {
    // A tournament goes on without those who would have heard of it.
    if (!isDenied(error)) throw error;
    host.log.warn('not told:', messageOf(error));
  }
}
