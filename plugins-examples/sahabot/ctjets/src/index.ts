import * as z from 'zod/mini';
import type { Game, GameData } from '../../randomizer-kit/game.ts';
import { makeRandomizer } from '../../randomizer-kit/plugin.ts';
import type { Random } from '../../randomizer-kit/random.ts';
import { fill } from '../../randomizer-kit/world.ts';
import { BOSSES, CHARACTERS, ctWorld } from './eras.ts';

const settings = z.strictObject({
  mode: z._default(z.enum(['standard', 'lost-worlds', 'ice-age', 'legacy-of-cyrus']), 'standard'),
  difficulty: z._default(z.enum(['easy', 'normal', 'hard']), 'normal'),
  characters: z._default(z.enum(['vanilla', 'shuffled']), 'shuffled'),
  bossRandomization: z._default(z.boolean(), true),
  fastMagic: z._default(z.boolean(), true),
  bucketFragments: z._default(z.int().check(z.gte(0), z.lte(5)), 0),
});
export type CtSettings = z.infer<typeof settings>;

function make(chosen: CtSettings, random: Random): GameData {
  const { items, spheres } = fill(ctWorld(chosen), random);
  const characters = chosen.characters === 'shuffled' ? random.shuffle(CHARACTERS) : CHARACTERS;
  const bosses = chosen.bossRandomization ? random.shuffle(BOSSES) : BOSSES;
  return {
    summary: { Mode: chosen.mode, Difficulty: chosen.difficulty, Characters: chosen.characters },
    spoiler: { items, spheres, characters: named(CHARACTERS, characters), bosses: named(BOSSES, bosses) },
  };
}

function named(from: readonly string[], to: readonly string[]): Record<string, string | undefined> {
  return Object.fromEntries(from.map((name, index) => [name, to[index]]));
}

const game: Game<CtSettings> = {
  id: 'ctjets',
  title: 'Chrono Trigger: Jets of Time',
  settings,
  presets: {
    race: { mode: 'standard', difficulty: 'normal' },
    'lost-worlds': { mode: 'lost-worlds' },
    'first-time': { mode: 'standard', difficulty: 'easy', bossRandomization: false },
    buckets: { bucketFragments: 5, difficulty: 'hard' },
  },
  make,
};

export default makeRandomizer(game);
