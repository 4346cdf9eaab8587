import {
  always,
  both,
  needs,
  needsCount,
  needsOne,
  type Needs,
  type World,
} from '../../randomizer-kit/world.ts';

export const FFR_FLAGS = [
  'shards',
  'earlyCanoe',
  'earlyShip',
  'randomParty',
  'openProgression',
  'shortTemple',
] as const;
export type FfrFlag = (typeof FFR_FLAGS)[number];

const SHARDS = 8;

export function ffrWorld(flags: Readonly<Record<FfrFlag, boolean>>): World {
  const bridge = flags.openProgression ? always : needs('Bridge');
  const ship = both(bridge, needs('Ship'));
  const canoe = both(bridge, needs('Canoe'));
  const air = needsOne('Floater');
  const places: Record<string, Needs> = {
    'Coneria King': always,
    'Coneria Treasury 1': always,
    'Coneria Treasury 2': needs('Mystic Key'),
    'Temple of Fiends': always,
    "Matoya's Cave": bridge,
    Pravoka: bridge,
    'Elf Prince': both(ship, needs('Herb')),
    'Marsh Cave': ship,
    'Northwest Castle': both(ship, needs('Crown')),
    'Dwarf Cave': ship,
    Nerrick: both(ship, needs('TNT')),
    'Melmond Vampire': ship,
    'Earth Cave Lich': both(ship, needs('Rod')),
    'Crescent Lake Sages': both(ship, needsOne('Canal', 'Canoe')),
    'Ice Cave': canoe,
    'Volcano Kary': canoe,
    'Castle of Ordeals': both(canoe, needs('Crown')),
    'Sea Shrine Kraken': both(air, needs('Oxyale')),
    'Sky Palace Tiamat': both(air, needs('Cube', 'Chime')),
    Waterfall: both(air, canoe),
    Caravan: both(air, needs('Bottle')),
    Lefein: both(air, needs('Slab')),
    'Cardia Chest 1': air,
    'Cardia Chest 2': air,
    'Cardia Chest 3': air,
  };
  return {
    places,
    keys: keysOf(flags),
    filler: ['Gold', 'Heal', 'Pure', 'Tent', 'Cabin'],
    goal: goalOf(flags),
  };
}

function keysOf({ shards, openProgression }: Readonly<Record<FfrFlag, boolean>>): string[] {
  const found = shards ? Array<string>(SHARDS).fill('Shard') : [];
  const bridge = openProgression ? [] : ['Bridge'];
  return [
    'Ship',
    'Canoe',
    'Canal',
    'Floater',
    'Mystic Key',
    'Crown',
    'Herb',
    'TNT',
    'Rod',
    'Oxyale',
    'Cube',
    'Chime',
    ...bridge,
    ...found,
  ];
}

function goalOf({ shards, shortTemple }: Readonly<Record<FfrFlag, boolean>>): Needs {
  const orbs = shards
    ? needsCount('Shard', SHARDS)
    : needs('Rod', 'Canoe', 'Oxyale', 'Cube', 'Chime', 'Floater');
  return shortTemple ? orbs : both(orbs, needs('Mystic Key'));
}
