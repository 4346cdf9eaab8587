/** A race as racetime.gg tells it, in the words of `race-room@1`. */
import type { Host } from 'souk/sdk';
import { Problem } from '../../core-kit/problem.ts';
import { read } from './client.ts';

export type Entrant = {
  readonly person: { readonly id: string; readonly name: string };
  readonly state: 'entered' | 'ready' | 'racing' | 'done' | 'forfeited';
  readonly place?: number;
  readonly finishMs?: number;
};

export type Race = {
  readonly room: string;
  readonly state: 'open' | 'running' | 'finished' | 'canceled';
  readonly entrants: readonly Entrant[];
};

type Told = {
  status: { value: string };
  entrants: {
    user: { id: string; name: string };
    status: { value: string };
    place: number | null;
    finish_time: string | null;
  }[];
};

export async function readRace(room: string, host: Host): Promise<Race> {
  const told = (await read(`/${requireRoom(room)}/data`, host)) as unknown as Told;
  return { room, state: stateOf(told.status.value), entrants: told.entrants.map(entrantOf) };
}

/** `category/slug`. @throws Problem `not_found` */
export function requireRoom(room: string): string {
  if (/^[a-z0-9][a-z0-9-]{0,99}\/[a-z0-9][a-z0-9-]{0,99}$/u.test(room)) return room;
  throw new Problem(404, 'not_found', 'A room is category/slug, such as alttpr/clever-bomb-1234.');
}

/** The "race status" of the wiki. */
function stateOf(status: string): Race['state'] {
  switch (status) {
    case 'pending':
    case 'in_progress':
      return 'running';
    case 'finished':
      return 'finished';
    case 'cancelled':
      return 'canceled';
    default:
      return 'open';
  }
}

function entrantOf({ user, status, place, finish_time: finish }: Told['entrants'][number]): Entrant {
  const finishMs = finish === null ? null : millisecondsOf(finish);
  return {
    person: { id: user.id, name: user.name },
    state: entrantState(status.value),
    ...(place === null ? {} : { place }),
    ...(finishMs === null ? {} : { finishMs }),
  };
}

/** The "entrant status" of the wiki. */
function entrantState(status: string): Entrant['state'] {
  switch (status) {
    case 'ready':
      return 'ready';
    case 'in_progress':
      return 'racing';
    case 'done':
      return 'done';
    case 'dnf':
    case 'dq':
    case 'declined':
      return 'forfeited';
    default:
      return 'entered';
  }
}

/** @param duration in ISO 8601, such as `P0DT01H23M45.678901S`. @returns null for what is none */
export function millisecondsOf(duration: string): number | null {
  const parts = /^P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d+)?)S)?)?$/u.exec(duration);
  if (!parts) return null;
  const [days = 0, hours = 0, minutes = 0, seconds = 0] = parts.slice(1).map((part) => Number(part ?? 0));
  return Math.round((((days * 24 + hours) * 60 + minutes) * 60 + seconds) * 1000);
}
