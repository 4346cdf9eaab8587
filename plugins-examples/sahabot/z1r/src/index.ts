import * as z from 'zod/mini';
import { flagString, readFlags, writeFlags } from '../../randomizer-kit/flags.ts';
import type { Game, GameData } from '../../randomizer-kit/game.ts';
import { makeRandomizer } from '../../randomizer-kit/plugin.ts';
import type { Random } from '../../randomizer-kit/random.ts';
import { fill } from '../../randomizer-kit/world.ts';
import { Z1R_FLAGS, z1rWorld, type Z1rFlag } from './overworld.ts';

const LENGTH = 3;
const preset = (...flags: Z1rFlag[]) => ({ flags: writeFlags(flags, Z1R_FLAGS, LENGTH) });
const settings = z.strictObject({ flags: z._default(flagString(LENGTH), preset().flags) });
type Z1rSettings = z.infer<typeof settings>;

const SHOPS = ['Shop 1', 'Shop 2', 'Shop 3', 'Shop 4'];
const GOODS = ['Blue Ring', 'Bait', 'Arrow', 'Bombs', 'Shield', 'Key', 'Blue Candle', 'Heart'];

function make({ flags }: Z1rSettings, random: Random): GameData {
  const set = readFlags(flags, Z1R_FLAGS);
  const { items, spheres } = fill(z1rWorld(set), random);
  const goods = set.shuffleShops ? random.shuffle(GOODS) : GOODS;
  const shops = Object.fromEntries(SHOPS.map((shop, index) => [shop, goods.slice(index * 2, index * 2 + 2)]));
  return { summary: { Flags: flags }, spoiler: { items, spheres, shops } };
}

const game: Game<Z1rSettings> = {
  id: 'z1r',
  title: 'Zelda 1 Randomizer',
  settings,
  presets: {
    beginner: preset('swordFromOldMan'),
    standard: preset('shuffleDungeonItems', 'shuffleOverworld'),
    power: preset('shuffleDungeonItems', 'shuffleOverworld', 'shuffleShops', 'noCandleNeeded'),
  },
  make,
};

export default makeRandomizer(game);
