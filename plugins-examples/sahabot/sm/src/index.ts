import { fromWorld, type Game, type GameData } from '../../randomizer-kit/game.ts';
import { makeRandomizer } from '../../randomizer-kit/plugin.ts';
import type { Random } from '../../randomizer-kit/random.ts';
import { SM_PRESETS, smSettings, type SmSettings } from './settings.ts';
import { smWorld } from './world.ts';

const BOSSES = ['Kraid', 'Phantoon', 'Draygon', 'Ridley'];

const items = fromWorld(smWorld, ({ randomizer, skills, split }) => ({
  Randomizer: randomizer.toUpperCase(),
  Skills: skills,
  'Item split': split,
}));

function make(settings: SmSettings, random: Random): GameData {
  const data = items(settings, random);
  const order = settings.bosses === 'shuffled' ? random.shuffle(BOSSES) : BOSSES;
  const bosses = Object.fromEntries(BOSSES.map((room, index) => [room, order[index]]));
  return { ...data, spoiler: { ...data.spoiler, bosses } };
}

const game: Game<SmSettings> = {
  id: 'sm',
  title: 'Super Metroid Randomizer',
  settings: smSettings,
  presets: SM_PRESETS,
  make,
};

export default makeRandomizer(game);
