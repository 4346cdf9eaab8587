import { always, both, needs, needsCount, type Needs, type World } from '../../randomizer-kit/world.ts';
import type { CtSettings } from './settings.ts';

export const CHARACTERS = ['Crono', 'Marle', 'Lucca', 'Frog', 'Robo', 'Ayla', 'Magus'];
export const BOSSES = [
  'Yakra',
  'Dragon Tank',
  'Guardian',
  'Masa & Mune',
  'Nizbel',
  'Retinite',
  'Son of Sun',
  'Giga Gaia',
];

const prehistory = needs('Gate Key');
const middleAges = needs('Pendant');

export function ctWorld({ mode, difficulty, bucketFragments }: CtSettings): World {
  const start = mode === 'lost-worlds' ? always : prehistory;
  const places: Record<string, Needs> = {
    'Melchior Booth': always,
    'Guardia Castle Treasury': always,
    'Guardia Forest': always,
    'Snail Stop': always,
    'Lazy Carpenter': needs('Tools'),
    'Manoria Cathedral': always,
    'Denadoro Mountains': always,
    "Frog's Burrow": needs('Hero Medal'),
    'Zenan Bridge': needs('Jerky'),
    'Arris Dome': middleAges,
    'Proto Dome': middleAges,
    'Sun Palace': both(middleAges, needs('Moon Stone')),
    'Geno Dome': middleAges,
    'Reptite Lair': start,
    'Dactyl Nest': start,
    'Tyrano Lair': both(start, needs('Dreamstone')),
    'Burrow Left Chest': always,
    'Giants Claw': needs('Toma Pop'),
    'Kings Trial': needs('Prism Shard'),
    'Fiona Shrine': needs('Bent Sword', 'Bent Hilt'),
    'Mt. Woe': needs('Ruby Knife'),
  };
  const fragments = Array<string>(bucketFragments).fill('Bucket Fragment');
  return {
    places,
    keys: [...KEYS, ...fragments],
    filler: FILLER[difficulty],
    goal: goalOf(mode, bucketFragments),
  };
}

const KEYS = [
  'Gate Key',
  'Pendant',
  'Tools',
  'Hero Medal',
  'Jerky',
  'Moon Stone',
  'Dreamstone',
  'Toma Pop',
  'Prism Shard',
  'Bent Sword',
  'Bent Hilt',
  'Ruby Knife',
];

const FILLER: Record<CtSettings['difficulty'], readonly string[]> = {
  easy: ['Mega Elixir', 'Elixir', 'Speed Tab', 'Power Tab'],
  normal: ['Full Ether', 'Lapis', 'Mid Tonic', 'Magic Tab'],
  hard: ['Tonic', 'Ether', 'Heal'],
};

function goalOf(mode: CtSettings['mode'], fragments: number): Needs {
  const lavos: Record<CtSettings['mode'], Needs> = {
    standard: needs('Gate Key', 'Ruby Knife', 'Dreamstone'),
    'lost-worlds': needs('Pendant', 'Dreamstone'),
    'ice-age': needs('Gate Key', 'Dreamstone'),
    'legacy-of-cyrus': needs('Hero Medal', 'Bent Sword', 'Bent Hilt'),
  };
  return fragments === 0 ? lavos[mode] : both(lavos[mode], needsCount('Bucket Fragment', fragments));
}
