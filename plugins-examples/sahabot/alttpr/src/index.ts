import { fromWorld, type Game } from '../../randomizer-kit/game.ts';
import { generate } from '../../randomizer-kit/generator.ts';
import { makeRandomizer } from '../../randomizer-kit/plugin.ts';
import { canonicalJson, randomFrom } from '../../randomizer-kit/random.ts';
import { drawSettings } from './mystery.ts';
import { ALTTPR_PRESETS, alttprSettings, type AlttprSettings } from './settings.ts';
import { alttprWorld } from './world.ts';

const game: Game<AlttprSettings> = {
  id: 'alttpr',
  title: 'A Link to the Past Randomizer',
  settings: alttprSettings,
  presets: ALTTPR_PRESETS,
  make: fromWorld(alttprWorld, ({ mode, goal, weapons, crystalsTower, crystalsGanon }) => ({
    Mode: mode,
    Goal: goal,
    Swords: weapons,
    Crystals: `${crystalsTower}/${crystalsGanon}`,
  })),
};

export default makeRandomizer(game, {
  more: (app) =>
    app.post('/mystery', async (context) => {
      const asked = await context.req.json<{ weights: unknown; seed?: string }>();
      const seed = asked.seed ?? crypto.randomUUID();
      const random = await randomFrom(canonicalJson(['mystery', asked.weights, seed]));
      const drawn = { settings: drawSettings(asked.weights, random), seed };
      const made = await generate(game as unknown as Game, drawn, context.env);
      return context.json({ seed: made.seed, hash: made.hash }, 201);
    }),
});
