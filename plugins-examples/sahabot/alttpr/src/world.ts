import {
  always,
  both,
  needs,
  needsCount,
  needsOne,
  type Needs,
  type World,
} from '../../randomizer-kit/world.ts';
import type { AlttprSettings } from './settings.ts';

const lamp = needs('Lamp');
const hookshot = needs('Hookshot');
const darkWorld = needs('Moon Pearl');
const gloves = needs('Power Glove');
const strength = needsCount('Power Glove', 2);

const PLACES: Readonly<Record<string, Needs>> = {
  "Link's House": always,
  'Kakariko Well': always,
  "Blind's Hideout": always,
  'Sick Kid': needs('Bottle'),
  Library: needs('Pegasus Boots'),
  "Zora's Ledge": needs('Flippers'),
  'King Zora': needsOne('Flippers', 'Power Glove'),
  Sanctuary: always,
  'Sewers Dark Cross': lamp,
  'Eastern Palace Big Chest': needs('Bow'),
  'Desert Palace Lanmolas': both(needs('Book of Mudora'), needsOne('Fire Rod', 'Lamp')),
  'Tower of Hera Moldorm': both(lamp, needsOne('Hammer', 'Progressive Sword')),
  'Spectacle Rock Cave': lamp,
  'Ether Tablet': needs('Book of Mudora', 'Progressive Sword'),
  'Palace of Darkness Helmasaur': both(darkWorld, needs('Bow', 'Hammer', 'Lamp')),
  'Swamp Palace Arrghus': both(darkWorld, hookshot, needs('Flippers', 'Hammer')),
  'Skull Woods Mothula': both(darkWorld, needs('Fire Rod')),
  "Thieves' Town Blind": both(darkWorld, gloves, needs('Hammer')),
  'Ice Palace Kholdstare': both(needs('Flippers', 'Hammer', 'Fire Rod'), strength),
  'Misery Mire Vitreous': both(darkWorld, strength, needs('Ether', 'Lamp')),
  'Turtle Rock Trinexx': both(darkWorld, strength, needs('Quake', 'Fire Rod', 'Ice Rod', 'Hammer')),
  'Bumper Cave': both(darkWorld, gloves, needs('Cape')),
  Pyramid: darkWorld,
  Catfish: both(darkWorld, gloves),
  'Master Sword Pedestal': needsCount('Pendant', 3),
  'Floating Island': both(darkWorld, strength, needs('Mirror')),
  'Lake Hylia Island': both(darkWorld, needs('Flippers', 'Mirror')),
  'Potion Shop': needs('Mushroom'),
  'Lumberjack Tree': needs('Pegasus Boots'),
  'Mimic Cave': both(darkWorld, needs('Mirror', 'Hammer')),
};

const KEYS = [
  'Lamp',
  'Hookshot',
  'Moon Pearl',
  'Power Glove',
  'Power Glove',
  'Bow',
  'Hammer',
  'Fire Rod',
  'Ice Rod',
  'Flippers',
  'Mirror',
  'Pegasus Boots',
  'Book of Mudora',
  'Bottle',
  'Mushroom',
  'Cape',
  'Ether',
  'Quake',
];

const FILLER = {
  normal: ['20 Rupees', '50 Rupees', '3 Bombs', '10 Arrows', 'Piece of Heart'],
  hard: ['20 Rupees', '5 Rupees', '1 Bomb', '5 Arrows'],
  expert: ['1 Rupee', '5 Rupees', '1 Arrow'],
} as const;

const GOALS: Record<AlttprSettings['goal'], Needs> = {
  ganon: needs('Moon Pearl', 'Bow', 'Lamp', 'Hammer'),
  fast_ganon: needs('Moon Pearl', 'Bow', 'Lamp'),
  dungeons: needs(
    'Moon Pearl',
    'Bow',
    'Hammer',
    'Hookshot',
    'Flippers',
    'Fire Rod',
    'Ice Rod',
    'Quake',
    'Ether',
  ),
  pedestal: needsCount('Pendant', 3),
  'triforce-hunt': needsCount('Triforce Piece', 3),
};

export function alttprWorld(settings: AlttprSettings): World {
  return {
    places: settings.mode === 'inverted' ? invert(PLACES) : PLACES,
    keys: [...KEYS, ...swordsOf(settings), ...piecesOf(settings)],
    filler: FILLER[settings.itemPool],
    goal: GOALS[settings.goal],
  };
}

/** In the inverted world it is the light world that needs the pearl; what one begins with stays open. */
function invert(places: typeof PLACES): Record<string, Needs> {
  return Object.fromEntries(Object.entries(places).map(([place, need]) => [place, invertOne(place, need)]));
}

const INVERTED_START: ReadonlySet<string> = new Set([
  "Link's House",
  'Pyramid',
  'Kakariko Well',
  "Blind's Hideout",
]);

function invertOne(place: string, need: Needs): Needs {
  return INVERTED_START.has(place) ? always : both(need, darkWorld);
}

function swordsOf({ weapons }: AlttprSettings): string[] {
  // Hammers and bows do where there is no sword; the places that ask for one take the first of these.
  return weapons === 'swordless'
    ? ['Progressive Sword']
    : Array<string>(weapons === 'assured' ? 3 : 4).fill('Progressive Sword');
}

function piecesOf({ goal }: AlttprSettings): string[] {
  if (goal === 'triforce-hunt')
    return ['Triforce Piece', 'Triforce Piece', 'Triforce Piece', 'Pendant', 'Pendant', 'Pendant'];
  return ['Pendant', 'Pendant', 'Pendant'];
}
