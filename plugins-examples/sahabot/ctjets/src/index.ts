import type { Game, GameData } from '../../randomizer-kit/game.ts';
import { makeRandomizer } from '../../randomizer-kit/plugin.ts';
import type { Random } from '../../randomizer-kit/random.ts';
import { fill } from '../../randomizer-kit/world.ts';
import { BOSSES, CHARACTERS, ctWorld } from './eras.ts';
import { settings, type CtSettings } from './settings.ts';

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
