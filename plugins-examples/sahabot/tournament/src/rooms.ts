/** Rooms for matches, where the organization has something that opens them: `sahabot/racetime`, which this plugin does not need. */
import type { Host, Json } from 'souk/sdk';
import { isDenied, messageOf } from '../../core-kit/problem.ts';
import { finish, listMatches } from './matches.ts';
import { matches, tournaments } from './model.ts';

export type RoomResult =
  | { readonly room: string; readonly url: string | null }
  | { readonly room: null; readonly reason: string };

/** A match that has a room keeps it. @returns the room, or why there is none */
export async function openRoom(id: string, host: Host): Promise<RoomResult> {
  const { enableRacetime } = host.config as { enableRacetime: boolean };
  if (!enableRacetime) return { room: null, reason: 'The configuration "enableRacetime" is off.' };
  const match = await matches.need(id, host);
  if (match.room) return match.room;
  const { category, goal } = await tournaments.need(match.tournament, host);
  try {
    const opened = await host.contracts.call('race-room@1', 'openRoom', {
      category,
      goal,
      info: match.title,
    });
    const { room, url } = opened as { room: string; url?: string };
    const made = { room, url: url ?? null };
    await matches.change(id, host, (before) => ({ ...before, room: made }));
    return made;
  } catch (error) {
    if (!isDenied(error) && typeof (error as { code?: unknown }).code !== 'string') throw error;
    host.log.warn(`no room for ${match.title}:`, messageOf(error));
    return { room: null, reason: messageOf(error) };
  }
}

/** Opens rooms for what begins soon. */
export async function openSoon(host: Host): Promise<{ opened: number }> {
  const { roomMinutesBefore } = host.config as { roomMinutesBefore: number };
  const until = Date.now() + roomMinutesBefore * 60_000;
  let opened = 0;
  for (const { match, scheduledAt, state, room } of await listMatches(host)) {
    const time = scheduledAt === null ? Number.NaN : Date.parse(scheduledAt);
    if (state !== 'open' || room || !(time > Date.now() && time <= until)) continue;
    if ((await openRoom(match, host)).room !== null) opened += 1;
  }
  return { opened };
}

type Entrant = { person: { id: string; name?: string }; place?: number };

/** The race in a match's room is over: who came first there has won, if the match knows the name. */
export async function onRaceFinished(data: Json, host: Host): Promise<void> {
  const { room, entrants } = data as { room: string; entrants: Entrant[] };
  // One that is over already was told before: the bus may bring a race again.
  const match = (await listMatches(host)).find((each) => each.room?.room === room && each.state === 'open');
  const first = entrants.find(({ place }) => place === 1)?.person;
  if (!match || !first) return;
  const winner = match.players.find((player) => player === first.name || player === first.id);
  if (winner !== undefined) await finish(match.match, winner, host);
  else
    host.log.warn(
      `${first.name ?? first.id} won ${room} and is no player of ${match.title}; enter the result`,
    );
}
