import {
  always,
  both,
  needs,
  needsCount,
  needsOne,
  type Needs,
  type World,
} from '../../randomizer-kit/world.ts';
import type { OotrSettings } from './settings.ts';

const adult = needs('Ocarina of Time', 'Song of Time');
const explosives = needs('Bomb Bag');

export function ootrWorld(settings: OotrSettings): World {
  const forest = settings.openForest === 'closed' ? needs('Slingshot', 'Kokiri Sword') : always;
  const mountain = settings.openKakariko === 'open' ? always : needs("Zelda's Letter");
  const places: Record<string, Needs> = {
    'Kokiri Forest Midos House': always,
    'Kokiri Sword Chest': always,
    'Deku Tree Queen Gohma': needs('Slingshot'),
    'Lost Woods Bridge': forest,
    'Market Treasure Chest': forest,
    'Song from Impa': both(forest, needs("Zelda's Letter")),
    'Kakariko Redead Grotto': both(forest, explosives),
    'Graveyard Dampe Race': both(adult, forest),
    'Dodongos Cavern King Dodongo': both(forest, mountain, needsOne('Bomb Bag', 'Goron Bracelet')),
    'Goron City Maze': both(forest, mountain, explosives),
    'Zoras Domain Diving': both(forest, needsOne('Bomb Bag', "Zelda's Lullaby")),
    'Jabu Jabus Belly Barinade': both(forest, needs('Boomerang', 'Slingshot', "Zelda's Lullaby")),
    'Forest Temple Phantom Ganon': both(adult, needs('Hookshot', 'Bow')),
    'Fire Temple Volvagia': both(adult, mountain, needs('Megaton Hammer', 'Goron Tunic')),
    'Water Temple Morpha': both(adult, needs('Hookshot', 'Iron Boots', 'Zora Tunic', "Zelda's Lullaby")),
    'Shadow Temple Bongo Bongo': both(
      adult,
      needs('Lens of Truth', 'Hover Boots', "Zelda's Lullaby", 'Hookshot'),
    ),
    'Spirit Temple Twinrova': both(
      adult,
      needs('Mirror Shield', 'Requiem of Spirit', 'Hookshot'),
      explosives,
    ),
    'Ice Cavern Final Chest': adult,
    'Bottom of the Well Lens': both(forest, needs("Zelda's Lullaby")),
    'Gerudo Training Ground': both(adult, needs('Hookshot')),
    'Lon Lon Ranch Song': forest,
    'Temple of Time Light Arrows': adult,
    'Zoras Fountain Bottom': both(adult, needs('Iron Boots')),
    'Haunted Wasteland Chest': both(adult, needs('Hover Boots')),
    'Lake Hylia Sun': both(adult, needs('Bow')),
    'Graveyard Shield Grave': forest,
    'Castle Hyrule Grotto': both(forest, explosives),
  };
  return {
    places,
    keys: keysOf(settings),
    filler: FILLER,
    goal: both(bridge(settings), needs('Bow', 'Light Arrows')),
  };
}

const FILLER = [
  'Recovery Heart',
  'Rupees (20)',
  'Bombs (5)',
  'Arrows (10)',
  'Deku Nuts (5)',
  'Piece of Heart',
];

function bridge({ bridge: kind }: OotrSettings): Needs {
  const open: Record<OotrSettings['bridge'], Needs> = {
    open: adult,
    medallions: both(
      adult,
      needs('Hookshot', 'Megaton Hammer', 'Iron Boots', 'Lens of Truth', 'Mirror Shield'),
    ),
    stones: both(adult, needs('Boomerang', 'Slingshot'), explosives),
    tokens: both(adult, needsCount('Gold Skulltula Token', 2)),
  };
  return open[kind];
}

function keysOf({ bridge: kind }: OotrSettings): string[] {
  const tokens = kind === 'tokens' ? ['Gold Skulltula Token', 'Gold Skulltula Token'] : [];
  return [
    'Kokiri Sword',
    'Slingshot',
    'Boomerang',
    'Bomb Bag',
    'Ocarina of Time',
    'Song of Time',
    "Zelda's Letter",
    "Zelda's Lullaby",
    'Hookshot',
    'Bow',
    'Light Arrows',
    'Megaton Hammer',
    'Goron Tunic',
    'Zora Tunic',
    'Iron Boots',
    'Hover Boots',
    'Lens of Truth',
    'Mirror Shield',
    'Requiem of Spirit',
    'Goron Bracelet',
    ...tokens,
  ];
}
