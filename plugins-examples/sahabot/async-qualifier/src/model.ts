/** Qualifiers that everybody plays when they like: pools of seeds, runs of them, and scores. */
import { tableOf } from '../../core-kit/table.ts';

export type Pool = {
  readonly pool: string;
  /** A randomizer of SahaBot2, such as `alttpr`. */
  readonly randomizer: string;
  /** `namespace/name` of `sahabot/presets`. */
  readonly preset: string;
};

export type Qualifier = {
  readonly qualifier: string;
  readonly title: string;
  readonly pools: readonly Pool[];
  readonly runsPerPool: number;
  /** The slug of the category at racetime.gg, for live races. */
  readonly category: string;
  readonly isOpen: boolean;
};

/** One seed of a pool. */
export type Permalink = {
  readonly permalink: string;
  readonly pool: string;
  readonly url: string | null;
  /** What the randomizer makes the same game from. */
  readonly seed: string | null;
  readonly hash: string | null;
};

export type Run = {
  readonly run: string;
  readonly qualifier: string;
  readonly pool: string;
  readonly permalink: string;
  /** `souk:<user>`, or `racetime:<id>` in a live race. */
  readonly player: string;
  readonly startedAt: string;
  readonly state: 'running' | 'finished' | 'forfeited';
  readonly review: 'pending' | 'approved' | 'rejected';
  readonly elapsedMs: number | null;
  readonly vod: string | null;
  readonly score: number | null;
};

/** A race at racetime.gg that counts for a pool. */
export type Live = {
  readonly room: string;
  readonly qualifier: string;
  readonly pool: string;
  readonly permalink: string;
};

export const qualifiers = tableOf<Qualifier>('qualifier');
export const permalinks = tableOf<Permalink>('permalink');
export const runs = tableOf<Run>('run');
/** Longer than any race. */
const LIVE_MS = 30 * 86_400_000;
export const lives = tableOf<Live>('live', { ttlMs: LIVE_MS });
/** The run that somebody is at, one in each qualifier. */
export const current = tableOf<string>('current');

/** What belongs to a qualifier has ids that begin with it; no qualifier has a `~` in its own. */
export const below = (qualifier: string, id: string = ''): string => `${qualifier}~${id}`;
