import * as z from 'zod/mini';
import type { Game, GameData } from '../../randomizer-kit/game.ts';
import { makeRandomizer } from '../../randomizer-kit/plugin.ts';
import type { Random } from '../../randomizer-kit/random.ts';
import { LEVELS, POWER_UPS, WORLDS } from './levels.ts';

const settings = z.strictObject({
  levels: z._default(z.enum(['vanilla', 'shuffled', 'cross-world']), 'shuffled'),
  worlds: z._default(z.enum(['vanilla', 'shuffled']), 'vanilla'),
  powerUps: z._default(z.enum(['vanilla', 'random', 'none']), 'random'),
  whistles: z._default(z.boolean(), false),
  lives: z._default(z.int().check(z.gte(1), z.lte(99)), 5),
});
type Smb3rSettings = z.infer<typeof settings>;

function make(chosen: Smb3rSettings, random: Random): GameData {
  const worlds = chosen.worlds === 'shuffled' ? [...random.shuffle(WORLDS.slice(0, -1)), 'World 8'] : WORLDS;
  const order = orderLevels(chosen, random);
  const route = worlds.map((world) => ({
    world,
    levels: (order.get(world) ?? []).map((level) => withPower(level, chosen, random)),
  }));
  return {
    summary: { Levels: chosen.levels, Worlds: chosen.worlds, 'Power-ups': chosen.powerUps },
    spoiler: { route, whistles: chosen.whistles ? random.pick(WORLDS) : null },
  };
}

/** A castle stays the last level of its world: without it the world has no end. */
function orderLevels({ levels }: Smb3rSettings, random: Random): Map<string, string[]> {
  const open = WORLDS.flatMap((world) => (LEVELS[world] ?? []).slice(0, -1));
  const mixed = levels === 'cross-world' ? random.shuffle(open) : open;
  let at = 0;
  return new Map(
    WORLDS.map((world) => {
      const own = LEVELS[world] ?? [];
      const some = mixed.slice(at, (at += own.length - 1));
      return [world, [...(levels === 'shuffled' ? random.shuffle(some) : some), own.at(-1) as string]];
    }),
  );
}

function withPower(
  level: string,
  { powerUps }: Smb3rSettings,
  random: Random,
): { level: string; powerUp: string } {
  if (powerUps === 'none') return { level, powerUp: 'none' };
  return { level, powerUp: powerUps === 'random' ? random.pick(POWER_UPS) : (POWER_UPS[0] as string) };
}

const game: Game<Smb3rSettings> = {
  id: 'smb3r',
  title: 'Super Mario Bros. 3 Randomizer',
  settings,
  presets: {
    easy: { levels: 'shuffled', whistles: true, lives: 20 },
    standard: { levels: 'shuffled' },
    chaos: { levels: 'cross-world', worlds: 'shuffled', lives: 3 },
  },
  make,
};

export default makeRandomizer(game);
