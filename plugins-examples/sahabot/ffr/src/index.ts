import * as z from 'zod/mini';
import { flagString, readFlags, writeFlags } from '../../randomizer-kit/flags.ts';
import type { Game, GameData } from '../../randomizer-kit/game.ts';
import { makeRandomizer } from '../../randomizer-kit/plugin.ts';
import type { Random } from '../../randomizer-kit/random.ts';
import { fill } from '../../randomizer-kit/world.ts';
import { FFR_FLAGS, ffrWorld, type FfrFlag } from './journey.ts';

const LENGTH = 4;
const preset = (...flags: FfrFlag[]) => ({ flags: writeFlags(flags, FFR_FLAGS, LENGTH) });
const settings = z.strictObject({
  flags: z._default(flagString(LENGTH), preset('shards').flags),
  experience: z._default(z.number().check(z.gte(0.5), z.lte(5)), 2.5),
});
type FfrSettings = z.infer<typeof settings>;

const CLASSES = ['Fighter', 'Thief', 'Black Belt', 'Red Mage', 'White Mage', 'Black Mage'];

function make({ flags, experience }: FfrSettings, random: Random): GameData {
  const set = readFlags(flags, FFR_FLAGS);
  const { items, spheres } = fill(ffrWorld(set), random);
  const party = set.randomParty ? Array.from({ length: 4 }, () => random.pick(CLASSES)) : CLASSES.slice(0, 4);
  return {
    summary: { Flags: flags, Experience: `${experience}×`, Party: party.join(', ') },
    spoiler: { items, spheres },
  };
}

const game: Game<FfrSettings> = {
  id: 'ffr',
  title: 'Final Fantasy Randomizer',
  settings,
  presets: {
    beginner: { ...preset('earlyCanoe', 'earlyShip'), experience: 4 },
    standard: preset('shards'),
    chaos: preset('shards', 'randomParty', 'openProgression'),
  },
  make,
};

export default makeRandomizer(game);
