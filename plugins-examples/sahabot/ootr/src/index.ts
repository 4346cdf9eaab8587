import { fromWorld, type Game } from '../../randomizer-kit/game.ts';
import { makeRandomizer } from '../../randomizer-kit/plugin.ts';
import { makeElsewhere } from './seed-service.ts';
import { OOTR_PRESETS, ootrSettings, type OotrSettings } from './settings.ts';
import { ootrWorld } from './world.ts';

const game: Game<OotrSettings> = {
  id: 'ootr',
  title: 'Ocarina of Time Randomizer',
  settings: ootrSettings,
  presets: OOTR_PRESETS,
  make: fromWorld(ootrWorld, ({ openForest, bridge, startingAge }) => ({
    Forest: openForest,
    Bridge: bridge,
    'Starting age': startingAge,
  })),
};

export default makeRandomizer(game, { elsewhere: makeElsewhere });
