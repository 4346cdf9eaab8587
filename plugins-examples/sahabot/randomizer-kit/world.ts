/**
 * A world of places that hold items and need items, and the assumed fill that randomizers use: an item is put where one
 * gets with all that has not been placed yet, so that what opens a place never lies behind it and every seed can be won.
 */
import type { Random } from './random.ts';

export type Inventory = { has(item: string, count?: number): boolean };
export type Needs = (inventory: Inventory) => boolean;

export type World = {
  /** Place to what it needs. */
  readonly places: Readonly<Record<string, Needs>>;
  /** Items that open something. An item that is there several times stands several times. */
  readonly keys: readonly string[];
  /** What fills the other places, over and over. */
  readonly filler: readonly string[];
  readonly goal: Needs;
};

export type Filled = {
  /** Place to item. */
  readonly items: Readonly<Record<string, string>>;
  /** What opens the world, in rounds: the places of each round can be reached with what lay in those before. */
  readonly spheres: readonly (readonly string[])[];
};

export const always: Needs = () => true;
/** All of these items. */
export const needs =
  (...items: string[]): Needs =>
  (inventory) =>
    items.every((item) => inventory.has(item));
/** One of these items. */
export const needsOne =
  (...items: string[]): Needs =>
  (inventory) =>
    items.some((item) => inventory.has(item));
export const needsCount =
  (item: string, count: number): Needs =>
  (inventory) =>
    inventory.has(item, count);
export const both =
  (...all: Needs[]): Needs =>
  (inventory) =>
    all.every((each) => each(inventory));

/** More rounds than this mean a world that has too few places for its keys, which is a fault of the randomizer. */
const ATTEMPTS_MAX = 200;

export function fill(world: World, random: Random): Filled {
  for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt += 1) {
    const keys = placeKeys(world, random);
    if (keys && world.goal(inventoryOf(collect(world, keys, []).items)))
      return { items: addFiller(world, keys, random), spheres: collect(world, keys, []).spheres };
  }
  throw new Error('these settings leave no seed that can be won');
}

/** @returns undefined where the items that were placed first left no room for the last ones */
function placeKeys(world: World, random: Random): Map<string, string> | undefined {
  const placed = new Map<string, string>();
  const left = random.shuffle(world.keys);
  while (left.length > 0) {
    const item = left.pop() as string;
    const reached = new Set(collect(world, placed, left).places);
    const free = Object.keys(world.places).filter((place) => reached.has(place) && !placed.has(place));
    if (free.length === 0) return undefined;
    placed.set(random.pick(free), item);
  }
  return placed;
}

/** Walks the world with `held`, taking what lies where one gets, until nothing new opens. */
function collect(
  { places }: World,
  placed: ReadonlyMap<string, string>,
  held: readonly string[],
): { places: string[]; items: string[]; spheres: string[][] } {
  const items = [...held];
  const spheres: string[][] = [];
  let closed = Object.keys(places);
  for (;;) {
    const inventory = inventoryOf(items);
    const opened = closed.filter((place) => places[place]?.(inventory));
    if (opened.length === 0) return { places: spheres.flat(), items, spheres };
    spheres.push(opened);
    closed = closed.filter((place) => !opened.includes(place));
    for (const place of opened) {
      const item = placed.get(place);
      if (item !== undefined) items.push(item);
    }
  }
}

function inventoryOf(items: readonly string[]): Inventory {
  const counts = new Map<string, number>();
  for (const item of items) counts.set(item, (counts.get(item) ?? 0) + 1);
  return { has: (item, count = 1) => (counts.get(item) ?? 0) >= count };
}

function addFiller(
  { places, filler }: World,
  keys: ReadonlyMap<string, string>,
  random: Random,
): Filled['items'] {
  return Object.fromEntries(
    Object.keys(places).map((place) => [place, keys.get(place) ?? random.pick(filler)]),
  );
}
