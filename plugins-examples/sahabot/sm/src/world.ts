import {
  always,
  both,
  needs,
  needsCount,
  needsOne,
  type Needs,
  type World,
} from '../../randomizer-kit/world.ts';
import type { SmSettings } from './settings.ts';

const morph = needs('Morph Ball');
const bombs = both(morph, needs('Bombs'));
const powerBombs = both(morph, needs('Power Bomb'));
const missiles = needs('Missile');
const supers = needs('Super Missile');
const high = needsOne('Space Jump', 'Grapple Beam', 'Speed Booster');

/** How many energy tanks the heat and the acid of Norfair are crossed with where there is no suit. */
const TANKS: Record<SmSettings['skills'], number> = { casual: 99, regular: 99, veteran: 5, expert: 3 };

export function smWorld(settings: SmSettings): World {
  const heat = (inventory: Parameters<Needs>[0]): boolean =>
    inventory.has('Varia Suit') || inventory.has('Energy Tank', TANKS[settings.skills]);
  const water =
    settings.skills === 'casual' ? needs('Gravity Suit') : needsOne('Gravity Suit', 'Hi-Jump Boots');
  const norfair = both(bombs, supers, heat);
  const maridia = both(powerBombs, supers, water);
  const places: Record<string, Needs> = {
    'Morph Ball Room': always,
    'Landing Site Ledge': always,
    'Blue Brinstar Ceiling': always,
    Bombs: both(morph, missiles),
    Terminator: bombs,
    'Brinstar Reserve': both(bombs, supers),
    'Charge Beam': both(bombs, missiles),
    Spazer: both(powerBombs, supers),
    'Mission Impossible': powerBombs,
    'Etecoons Supers': powerBombs,
    Kraid: both(bombs, missiles, supers),
    'Hi-Jump': both(bombs, supers),
    'Ice Beam': both(norfair, high),
    'Crocomire Tank': both(norfair, powerBombs),
    'Grapple Beam': both(norfair, powerBombs, high),
    'Speed Booster': norfair,
    'Wave Beam': both(norfair, high),
    'Golden Torizo': both(norfair, powerBombs, high),
    Ridley: both(norfair, powerBombs, high, needsOne('Charge Beam', 'Plasma Beam')),
    'Wrecked Ship Reserve': both(powerBombs, supers, high),
    Phantoon: both(powerBombs, supers, high),
    'Gravity Suit': both(powerBombs, supers, high),
    'Spring Ball': both(maridia, needs('Grapple Beam')),
    Botwoon: maridia,
    Draygon: both(maridia, needs('Gravity Suit')),
    'Space Jump': both(maridia, needs('Gravity Suit')),
    Plasma: both(maridia, needs('Gravity Suit'), high),
    'Moat Missile': powerBombs,
  };
  return { places, keys: keysOf(settings), filler: FILLER[settings.split], goal: goalOf() };
}

const FILLER: Record<SmSettings['split'], readonly string[]> = {
  Full: ['Missile', 'Super Missile', 'Power Bomb', 'Energy Tank', 'Reserve Tank'],
  Major: ['Energy Tank', 'Reserve Tank'],
  Chozo: ['Energy Tank', 'X-Ray Scope', 'Reserve Tank'],
};

function keysOf({ skills }: SmSettings): string[] {
  const tanks = skills === 'veteran' || skills === 'expert' ? TANKS[skills] : 0;
  return [
    'Morph Ball',
    'Missile',
    'Bombs',
    'Super Missile',
    'Power Bomb',
    'Varia Suit',
    'Gravity Suit',
    'Hi-Jump Boots',
    'Space Jump',
    'Speed Booster',
    'Grapple Beam',
    'Charge Beam',
    'Plasma Beam',
    'Ice Beam',
    ...Array<string>(tanks).fill('Energy Tank'),
  ];
}

function goalOf(): Needs {
  return both(
    powerBombs,
    supers,
    needs('Varia Suit', 'Gravity Suit', 'Charge Beam', 'Ice Beam'),
    needsCount('Missile', 1),
  );
}
