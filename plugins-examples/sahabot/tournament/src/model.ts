/** Tournaments, their matches, and the people who carry them. */
import { tableOf } from '../../core-kit/table.ts';

export type Tournament = {
  readonly tournament: string;
  readonly title: string;
  /** How a room is opened for a match: the category and the goal. */
  readonly category: string;
  readonly goal: string;
  readonly isOpen: boolean;
};

export const CREW_ROLES = ['commentator', 'tracker', 'restreamer'] as const;
export type CrewRole = (typeof CREW_ROLES)[number];

export type CrewMember = {
  /** `souk:<user>` or `discord:<id>`. */
  readonly who: string;
  readonly role: CrewRole;
  readonly state: 'asked' | 'approved';
};

export type Match = {
  readonly match: string;
  readonly tournament: string;
  readonly title: string;
  readonly players: readonly string[];
  /** RFC 3339; null while nobody has said when. */
  readonly scheduledAt: string | null;
  readonly state: 'open' | 'finished';
  readonly winner: string | null;
  readonly room: { readonly room: string; readonly url: string | null } | null;
  readonly crew: readonly CrewMember[];
};

export const tournaments = tableOf<Tournament>('tournament');
export const matches = tableOf<Match>('match');

/** Soonest first, and those without a time last. */
export function bySchedule(one: Match, other: Match): number {
  return (one.scheduledAt ?? '~') < (other.scheduledAt ?? '~') ? -1 : 1;
}
