/** Rooms for cards of bingo. */
import type { Host } from 'souk/sdk';
import { isDenied, messageOf, Problem } from '../../core-kit/problem.ts';
import { tableOf } from '../../core-kit/table.ts';
import { sendForm, siteOf } from './form.ts';

export type Wish = {
  readonly name: string;
  /** As the configuration "games" has it. */
  readonly game: string;
  readonly passphrase?: string;
  readonly lockout?: boolean;
  readonly seed?: number;
  readonly hideCard?: boolean;
};

export type Room = {
  readonly room: string;
  readonly url: string;
  readonly name: string;
  readonly game: string;
  readonly passphrase: string;
  readonly openedAt: string;
};

export const rooms = tableOf<Room>('room', { ttlMs: 30 * 86_400_000 });

export async function openRoom(wish: Wish, host: Host): Promise<Room> {
  const { name, game, passphrase = crypto.randomUUID().slice(0, 8) } = wish;
  const path = await sendForm({ ...fieldsOf(wish, host), passphrase }, host);
  const room = /^\/room\/([A-Za-z0-9_-]{10,40})$/u.exec(path)?.[1];
  if (!room) throw new Problem(503, 'platform_unavailable', 'bingosync.com did not lead to a room.');
  const url = new URL(`/room/${room}`, siteOf(host)).href;
  const opened = { room, url, name, game, passphrase, openedAt: new Date().toISOString() };
  try {
    await rooms.save(room, opened, host);
  } catch (error) {
    // The room is there; it is only not in the list.
    if (!isDenied(error)) throw error;
    host.log.warn('the room is not kept:', messageOf(error));
  }
  return opened;
}

/** `forms.py`: the numbers of games are those of the selection on the page; `lockout_mode` 1 is off, 2 is on. */
function fieldsOf(
  { name, game, lockout = false, seed, hideCard = false }: Wish,
  host: Host,
): Record<string, string> {
  const { games, nickname } = host.config as { games: Record<string, number>; nickname: string };
  if (!Object.hasOwn(games, game)) {
    const known = Object.keys(games).join(', ') || 'none';
    throw new Problem(422, 'game_unknown', `The configuration "games" has no ${game}; it has ${known}.`);
  }
  const number = String(games[game]);
  return {
    room_name: name,
    nickname,
    game_type: number,
    variant_type: number,
    custom_json: '',
    lockout_mode: lockout ? '2' : '1',
    seed: seed === undefined ? '' : String(seed),
    is_spectator: 'on',
    ...(hideCard ? { hide_card: 'on' } : {}),
  };
}
