import { always, both, needs, needsOne, type Needs, type World } from '../../randomizer-kit/world.ts';

export const Z1R_FLAGS = [
  'shuffleDungeonItems',
  'shuffleOverworld',
  'shuffleShops',
  'swordFromOldMan',
  'noCandleNeeded',
  'shortGanon',
] as const;
export type Z1rFlag = (typeof Z1R_FLAGS)[number];

export function z1rWorld(flags: Readonly<Record<Z1rFlag, boolean>>): World {
  const light = flags.noCandleNeeded ? always : needs('Candle');
  const overworld: Record<string, Needs> = {
    'Cave at the start': always,
    'Armos Statue': always,
    'Coast Heart': needs('Ladder'),
    'White Sword Cave': needs('Sword'),
    'Letter Cave': always,
    'Burned Bush': light,
    'Lake Flute': needs('Recorder'),
  };
  const dungeons: Record<string, Needs> = {
    'Level 1 Boomerang': needs('Sword'),
    'Level 1 Bow': needs('Sword'),
    'Level 2 Magical Boomerang': needs('Sword'),
    'Level 3 Raft': needs('Sword'),
    'Level 4 Ladder': needs('Sword', 'Raft'),
    'Level 5 Recorder': both(needs('Sword'), needsOne('Ladder', 'Bombs')),
    'Level 6 Rod': needs('Sword', 'Ladder', 'Bow'),
    'Level 7 Red Candle': needs('Sword', 'Recorder'),
    'Level 8 Book': both(needs('Sword', 'Bow'), light),
    'Level 8 Magical Key': both(needs('Sword', 'Bow'), light),
    'Level 9 Red Ring': needs('Sword', 'Bow', 'Ladder', 'Recorder'),
  };
  return {
    places: { ...overworld, ...dungeons },
    keys: ['Sword', 'Candle', 'Ladder', 'Raft', 'Recorder', 'Bow', 'Bombs', 'Silver Arrow'],
    filler: flags.shuffleOverworld
      ? ['Rupees', 'Heart Container', 'Key', 'Potion']
      : ['Rupees', 'Heart Container'],
    goal: flags.shortGanon
      ? needs('Sword', 'Bow')
      : needs('Sword', 'Bow', 'Silver Arrow', 'Ladder', 'Raft', 'Recorder'),
  };
}
