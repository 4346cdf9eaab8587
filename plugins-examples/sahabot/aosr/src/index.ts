import { makeRandomizer } from '../../randomizer-kit/plugin.ts';
import type { Game, GameData } from '../../randomizer-kit/game.ts';
import type { Random } from '../../randomizer-kit/random.ts';
import { fill } from '../../randomizer-kit/world.ts';
import { aosrWorld, ENEMIES, ROOMS, SOULS } from './castle.ts';
import { AOSR_PRESETS, aosrSettings, type AosrSettings } from './settings.ts';

function make(settings: AosrSettings, random: Random): GameData {
  const { items, spheres } = fill(aosrWorld(settings), random);
  const souls = random.shuffle(SOULS);
  const enemies = settings.enemies === 'shuffled' ? random.shuffle(ENEMIES) : ENEMIES;
  const rooms = settings.rooms === 'shuffled' ? random.shuffle(ROOMS) : ROOMS;
  return {
    summary: { Enemies: settings.enemies, Rooms: settings.rooms, Logic: settings.logic },
    spoiler: {
      items,
      spheres,
      souls: pairs(enemies, souls),
      enemies: pairs(ENEMIES, enemies),
      rooms: pairs(ROOMS, rooms),
    },
  };
}

function pairs(from: readonly string[], to: readonly string[]): Record<string, string | undefined> {
  return Object.fromEntries(from.map((name, index) => [name, to[index % to.length]]));
}

const game: Game<AosrSettings> = {
  id: 'aosr',
  title: 'Aria of Sorrow Randomizer',
  settings: aosrSettings,
  presets: AOSR_PRESETS,
  make,
};

export default makeRandomizer(game);
