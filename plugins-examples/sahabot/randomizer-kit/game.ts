import type { ZodMiniType } from 'zod/mini';
import type { Random } from './random.ts';
import { fill, type World } from './world.ts';

export type Settings = Record<string, unknown>;

/** What one randomizer brings to the kit. */
export type Game<Chosen extends Settings = Settings> = {
  /** Of the randomizer, as in its plugin id. */
  readonly id: string;
  readonly title: string;
  /** Fills in what is left out, and refuses what the game does not have. */
  readonly settings: ZodMiniType<Chosen>;
  /** Presets that come with the randomizer, by name. */
  readonly presets: Readonly<Record<string, Settings>>;
  /** What goes into the game, besides the settings themselves. */
  readonly make: (settings: Chosen, random: Random) => GameData;
};

export type GameData = {
  /** What players may see. */
  readonly summary: Readonly<Record<string, string>>;
  /** What spoils it. */
  readonly spoiler: Readonly<Record<string, unknown>>;
};

/** For games whose seed is a world filled with items. */
export function fromWorld<Chosen extends Settings>(
  worldOf: (settings: Chosen) => World,
  summaryOf: (settings: Chosen) => Record<string, string>,
): Game<Chosen>['make'] {
  return (settings, random) => {
    const { items, spheres } = fill(worldOf(settings), random);
    return { summary: summaryOf(settings), spoiler: { items, spheres } };
  };
}
