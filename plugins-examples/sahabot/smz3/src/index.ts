import { fromWorld, type Game } from '../../randomizer-kit/game.ts';
import { makeRandomizer } from '../../randomizer-kit/plugin.ts';
import { SMZ3_PRESETS, smz3Settings, type Smz3Settings } from './settings.ts';
import { smz3World } from './world.ts';

const game: Game<Smz3Settings> = {
  id: 'smz3',
  title: 'Super Metroid and A Link to the Past Combo Randomizer',
  settings: smz3Settings,
  presets: SMZ3_PRESETS,
  make: fromWorld(smz3World, ({ smLogic, goal, keyShuffle }) => ({
    Logic: smLogic,
    Goal: goal,
    Keys: keyShuffle,
  })),
};

export default makeRandomizer(game);
