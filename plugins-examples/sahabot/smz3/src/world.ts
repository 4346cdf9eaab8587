import { always, both, needs, needsOne, type Needs, type World } from '../../randomizer-kit/world.ts';
import type { Smz3Settings } from './settings.ts';

const morph = needs('Morph Ball');
const bombs = both(morph, needs('Morph Bombs'));
const powerBombs = both(morph, needs('Power Bomb'));
const sword = needs('Sword');
const darkWorld = both(needs('Moon Pearl'), needsOne('Hammer', 'Power Glove'));

/** Two worlds that share their items: a door in Hyrule leads to Norfair, one on Zebes to the mountain. */
export function smz3World(settings: Smz3Settings): World {
  const portal = needsOne('Flute', 'Power Glove');
  const heat = settings.smLogic === 'hard' ? needsOne('Varia Suit', 'Gravity Suit') : needs('Varia Suit');
  const places: Record<string, Needs> = {
    "Link's Uncle": always,
    'Kakariko Tavern': always,
    Sanctuary: always,
    'Hyrule Castle Map': always,
    'Eastern Palace Armos': needs('Bow'),
    'Desert Palace Lanmolas': needs('Book', 'Power Glove', 'Lamp'),
    'Tower of Hera Moldorm': both(portal, needs('Lamp'), sword),
    'Palace of Darkness Helmasaur': both(darkWorld, needs('Bow', 'Lamp')),
    'Swamp Palace Arrghus': both(darkWorld, needs('Flippers', 'Hookshot')),
    'Skull Woods Mothula': both(darkWorld, needs('Fire Rod'), sword),
    "Thieves' Town Blind": darkWorld,
    'Misery Mire Vitreous': both(darkWorld, portal, needs('Hookshot', 'Lamp')),
    'Zora King': needsOne('Flippers', 'Power Glove'),
    Morph: always,
    'Blue Brinstar Top': morph,
    'Bomb Torizo': both(morph, needs('Missile')),
    'Alpha Power Bombs': bombs,
    Kraid: both(bombs, needs('Super Missile')),
    'Norfair Ice Beam': both(bombs, needs('Super Missile'), heat),
    'Norfair by the portal': both(portal, heat, morph),
    Crocomire: both(powerBombs, needs('Super Missile'), heat),
    Phantoon: both(powerBombs, needs('Super Missile'), needsOne('Grapple', 'Space Jump')),
    Draygon: both(powerBombs, needs('Super Missile', 'Gravity Suit')),
    Ridley: both(powerBombs, needs('Super Missile', 'Varia Suit', 'Space Jump')),
    'Wrecked Ship Attic': both(powerBombs, needs('Super Missile', 'Grapple')),
  };
  return { places, keys: keysOf(settings), filler: FILLER, goal: GOALS[settings.goal] };
}

const FILLER = ['Missile', 'Energy Tank', '20 Rupees', 'Heart Piece', '10 Arrows', 'Power Bomb'];

const motherBrain = both(powerBombs, needs('Super Missile', 'Varia Suit', 'Gravity Suit', 'Space Jump'));
const GOALS: Record<Smz3Settings['goal'], Needs> = {
  defeatBoth: both(motherBrain, darkWorld, sword, needs('Bow', 'Lamp')),
  fastGanonDefeatMotherBrain: both(motherBrain, needs('Moon Pearl', 'Bow'), sword),
  allDungeonsDefeatMotherBrain: both(
    motherBrain,
    darkWorld,
    sword,
    needs('Bow', 'Lamp', 'Flippers', 'Hookshot', 'Fire Rod'),
  ),
};

function keysOf({ keyShuffle }: Smz3Settings): string[] {
  const cards = keyShuffle === 'keysanity' ? ['Card Norfair'] : [];
  return [
    'Sword',
    'Bow',
    'Lamp',
    'Hammer',
    'Hookshot',
    'Moon Pearl',
    'Power Glove',
    'Flippers',
    'Fire Rod',
    'Book',
    'Flute',
    'Morph Ball',
    'Morph Bombs',
    'Missile',
    'Super Missile',
    'Power Bomb',
    'Varia Suit',
    'Gravity Suit',
    'Grapple',
    'Space Jump',
    ...cards,
  ];
}
