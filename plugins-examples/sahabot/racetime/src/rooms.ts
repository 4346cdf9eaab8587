/** Rooms that were opened from here, and what becomes of them. */
import type { Host, Json } from 'souk/sdk';
import { isDenied, messageOf, Problem } from '../../core-kit/problem.ts';
import { tableOf } from '../../core-kit/table.ts';
import { apiUrlOf, editRace, startRace } from './client.ts';
import { DEFAULTS, fieldsOf, profiles, requireCategory, type Profile } from './profiles.ts';
import { readRace, requireRoom, type Race } from './race.ts';

export type Room = {
  readonly room: string;
  readonly url: string;
  readonly goal: string;
  readonly state: Race['state'];
  readonly openedAt: string;
};

export type RoomWish = {
  readonly profile?: string;
  readonly category?: string;
  readonly goal?: string;
  readonly info?: string;
};

/** Longer than any race; the list does not grow for ever. */
const KEPT_MS = 30 * 86_400_000;
const rooms = tableOf<Room>('room', { ttlMs: KEPT_MS });
const idOf = (room: string): string => room.replace('/', '~');

export const listRooms = (host: Host): Promise<Room[]> => rooms.list(host);

export async function openRoom(wish: RoomWish, host: Host): Promise<Room> {
  const profile = await profileFor(wish, host);
  const room = await startRace(profile.category, fieldsOf(profile), host);
  const url = new URL(`/${room}`, apiUrlOf(host)).href;
  const opened: Room = { room, url, goal: profile.goal, state: 'open', openedAt: new Date().toISOString() };
  // The room is there whatever is granted here; without its row nobody is told when the race is over.
  await orLog('the room is not watched:', () => rooms.save(idOf(room), opened, host), host);
  await tell('race.opened', { room, url, goal: profile.goal }, host);
  return opened;
}

async function profileFor({ profile: name, ...wish }: RoomWish, host: Host): Promise<Profile> {
  const base: Partial<Profile> = name === undefined ? {} : await profiles.need(name, host);
  const { category = base.category, goal = base.goal, info = base.info ?? '' } = wish;
  if (category === undefined || goal === undefined)
    throw new Problem(
      422,
      'room_incomplete',
      'A room needs a category and a goal, or a profile that has them.',
    );
  return { ...DEFAULTS, profile: '', ...base, category: requireCategory(category, host), goal, info };
}

/**
 * Bots cancel races over their socket alone, which a plugin does not have: a room that has not started is taken off the list, made
 * invitational, and says that it is closed.
 */
export async function closeRoom(room: string, host: Host): Promise<'now' | 'before'> {
  const race = await readRace(requireRoom(room), host);
  const before = await rooms.find(idOf(room), host);
  if (race.state !== 'open' || before?.state === 'canceled') return 'before';
  await editRace(room, { unlisted: 'true', invitational: 'true', info_bot: 'This room is closed.' }, host);
  if (before) await rooms.save(idOf(room), { ...before, state: 'canceled' }, host);
  await tell('race.canceled', { room }, host);
  return 'now';
}

/** Looks after each room that is not over, and tells of those that are now. */
export async function watchRooms(host: Host): Promise<{ watched: number; finished: number }> {
  const open = (await rooms.list(host)).filter(({ state }) => state === 'open' || state === 'running');
  let finished = 0;
  for (const room of open) {
    const race = await readOrSkip(room.room, host);
    if (!race || race.state === room.state) continue;
    // The row last: whoever is stopped in between tells it twice, and not never.
    if (race.state === 'finished')
      await tell('race.finished', { room: room.room, entrants: race.entrants }, host);
    if (race.state === 'canceled') await tell('race.canceled', { room: room.room }, host);
    await rooms.save(idOf(room.room), { ...room, state: race.state }, host);
    if (race.state === 'finished') finished += 1;
  }
  return { watched: open.length, finished };
}

/** A room that cannot be read now does not keep the others waiting. */
async function readOrSkip(room: string, host: Host): Promise<Race | null> {
  try {
    return await readRace(room, host);
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    host.log.warn(room, error.message);
    return null;
  }
}

/** Events of one room reach everybody in order. */
async function tell(name: string, data: { room: string; [field: string]: Json }, host: Host): Promise<void> {
  await orLog('not told:', () => host.events.emit(name, data, { key: data.room }), host);
}

async function orLog(what: string, act: () => Promise<unknown>, host: Host): Promise<void> {
  try {
    await act();
  } catch (error) {
    if (!isDenied(error)) throw error;
    host.log.warn(what, messageOf(error));
  }
}
