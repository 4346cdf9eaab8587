export const WORLDS = [
  'World 1',
  'World 2',
  'World 3',
  'World 4',
  'World 5',
  'World 6',
  'World 7',
  'World 8',
];

export const POWER_UPS = ['Mushroom', 'Leaf', 'Flower', 'Frog Suit', 'Tanooki Suit', 'Hammer Suit', 'Star'];

const counts: readonly [string, number][] = [
  ['World 1', 6],
  ['World 2', 5],
  ['World 3', 9],
  ['World 4', 6],
  ['World 5', 9],
  ['World 6', 10],
  ['World 7', 9],
  ['World 8', 2],
];

/** The levels of each world in the order of the game, its castle at the end. */
export const LEVELS: Readonly<Record<string, readonly string[]>> = Object.fromEntries(
  counts.map(([world, count]) => {
    const number = world.slice(-1);
    const levels = Array.from({ length: count }, (_, index) => `${number}-${index + 1}`);
    return [world, [...levels, `${number}-Castle`]];
  }),
);
