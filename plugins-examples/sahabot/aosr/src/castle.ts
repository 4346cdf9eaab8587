import { always, both, needs, needsOne, type Needs, type World } from '../../randomizer-kit/world.ts';
import type { AosrSettings } from './settings.ts';

export const ENEMIES = [
  'Bat',
  'Zombie',
  'Skeleton',
  'Merman',
  'Axe Armor',
  'Skull Archer',
  'Peeping Eye',
  'Killer Fish',
  'Bone Pillar',
  'Blue Crow',
  'Buer',
  'White Dragon',
  'Zombie Soldier',
  'Skeleton Knight',
  'Ghost',
  'Siren',
] as const;

export const SOULS = [
  'Bat Soul',
  'Flying Armor Soul',
  'Skula Soul',
  'Galamoth Soul',
  'Hippogryph Soul',
  'Giant Bat Soul',
  'Black Panther Soul',
  'Undine Soul',
  'Malphas Soul',
  'Succubus Soul',
  'Devil Soul',
  'Manticore Soul',
] as const;

export const ROOMS = [
  'Castle Corridor',
  'Chapel',
  'Study',
  'Dance Hall',
  'Inner Quarters',
  'Floating Garden',
  'Clock Tower',
  'Underground Reservoir',
  'The Arena',
  'Top Floor',
  'Forbidden Area',
] as const;

const doubleJump = needs('Malphas');
const swim = needsOne('Undine', 'Skula');
const slide = needs('Grave Keeper');

export function aosrWorld({ goal, logic, panther }: AosrSettings): World {
  const free = logic === 'none';
  const when = (need: Needs): Needs => (free ? always : need);
  const places: Record<string, Needs> = {
    'Corridor Candle': always,
    'Corridor Ledge': always,
    'Chapel Bell': always,
    'Chapel Tower': when(doubleJump),
    'Study Attic': when(doubleJump),
    'Dance Hall Balcony': when(needsOne('Malphas', 'Hippogryph')),
    'Dance Hall Mirror': when(slide),
    'Inner Quarters Throne': when(both(doubleJump, slide)),
    'Garden Fountain': when(needs('Flying Armor')),
    'Garden Edge': when(both(doubleJump, needs('Flying Armor'))),
    'Clock Tower Gears': when(needs('Flying Armor')),
    'Reservoir Bottom': when(swim),
    'Reservoir Falls': when(both(swim, doubleJump)),
    'Arena Prize': when(needsOne('Giant Bat', 'Hippogryph')),
    'Top Floor Chest': when(both(doubleJump, needs('Hippogryph'))),
    'Forbidden Area Vault': when(both(swim, needs('Galamoth'))),
  };
  return {
    places,
    keys: [...SKILLS, ...(panther === 'never' ? [] : ['Black Panther'])],
    filler: FILLER,
    goal: GOALS[goal],
  };
}

const SKILLS = [
  'Malphas',
  'Flying Armor',
  'Grave Keeper',
  'Undine',
  'Skula',
  'Hippogryph',
  'Giant Bat',
  'Galamoth',
];
const FILLER = ['Potion', 'Mana Prism', 'Ancient Book', 'Soul Eater Ring', 'Gold Ring', 'Castle Map'];

const GOALS: Record<AosrSettings['goal'], Needs> = {
  chaos: needs('Malphas', 'Flying Armor', 'Giant Bat', 'Undine'),
  graham: needs('Malphas', 'Flying Armor'),
  julius: needs('Malphas', 'Hippogryph', 'Galamoth'),
};
