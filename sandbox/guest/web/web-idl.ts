/** What Web IDL asks of every interface: enumerable members, a class string, conversions of arguments. */
import {
  create,
  defineProperty,
  exec,
  getOwnPropertyDescriptor,
  isArray,
  IteratorPrototype,
  ownKeys,
  toWellFormed,
} from './intrinsics.ts';

// oxlint-disable-next-line typescript/no-explicit-any -- any class
type Interface = { readonly prototype: object } & (abstract new (...args: any[]) => unknown);

/**
 * Web IDL sections 3.7.3 to 3.7.7: members of an interface are enumerable, its class string is its name.
 * @param lengths how many arguments an operation needs, where its parameters do not tell; of the class, by `constructor`
 */
export function defineInterface(
  Class: Interface,
  name: string,
  lengths: Readonly<Record<string, number>> = {},
): void {
  // Minifying takes the names of classes.
  defineProperty(Class, 'name', { value: name, configurable: true });
  for (const operation of Object.keys(lengths))
    defineProperty(
      (Reflect.get(Class.prototype, operation) ?? Reflect.get(Class, operation)) as object,
      'length',
      {
        value: lengths[operation],
        configurable: true,
      },
    );
  makeEnumerable(Class.prototype);
  makeEnumerable(Class);
  defineProperty(Class.prototype, Symbol.toStringTag, { value: name, configurable: true });
}

/** Web IDL section 3.7.5: a constant is on the class and on its prototype, and stays as it is. */
export function defineConstant(Class: Interface, name: string, value: number): void {
  const descriptor = { value, writable: false, enumerable: true, configurable: false };
  defineProperty(Class, name, descriptor);
  defineProperty(Class.prototype, name, descriptor);
}

const HIDDEN: ReadonlySet<PropertyKey> = new Set(['constructor', 'prototype', 'length', 'name']);

function makeEnumerable(owner: object): void {
  for (const key of ownKeys(owner)) {
    const isClassOwn = typeof owner === 'function' && HIDDEN.has(key);
    if (typeof key === 'symbol' || key === 'constructor' || isClassOwn) continue;
    const descriptor = getOwnPropertyDescriptor(owner, key);
    if (descriptor?.configurable) defineProperty(owner, key, { ...descriptor, enumerable: true });
  }
}

/** Web IDL section 3.6: how many arguments an operation needs. */
export function requireArguments(found: number, needed: number, operation: string): void {
  if (found < needed) {
    throw new TypeError(
      `${operation}: ${needed} argument${needed > 1 ? 's' : ''} required, but only ${found} present.`,
    );
  }
}

/** By the engine: a text that it holds in bytes is not even looked at. */
const ABOVE_BYTES = /[\u0100-\uffff]/;

/** Web IDL section 3.2.10: a string whose units are all at most 255. */
export function toByteString(value: unknown): string {
  const text = `${value as string}`;
  const above = exec(ABOVE_BYTES, text);
  if (above)
    throw new TypeError(
      `Cannot convert to a ByteString: the character at index ${above.index} is above 255.`,
    );
  return text;
}

/** Web IDL section 3.2.12: lone surrogates become U+FFFD. */
export const toUsvString = (value: unknown): string => toWellFormed(`${value as string}`);

/** Web IDL section 3.2.17: a dictionary argument is undefined, null or an object. */
export function toDictionary<T extends object>(value: unknown, operation: string): Partial<T> {
  if (value === undefined || value === null) return create(null) as Partial<T>;
  if (typeof value !== 'object' && typeof value !== 'function') {
    throw new TypeError(`${operation}: the options must be an object.`);
  }
  return value as Partial<T>;
}

export const isObject = (value: unknown): value is object =>
  (typeof value === 'object' && value !== null) || typeof value === 'function';

export type Pair<V> = readonly [name: string, value: V];

/**
 * The live iterator of an interface with pairs (Web IDL section 3.7.10): every step asks for the pairs again.
 * @param pairs answers the pairs as they are at that moment
 * @returns the maker of iterators of one kind
 */
export function definePairIterator<V>(
  name: string,
): (pairs: () => readonly Pair<V>[], kind: PairKind) => IterableIterator<never> {
  class PairIterator {
    readonly #pairs: () => readonly Pair<V>[];
    readonly #kind: PairKind;
    #index = 0;
    constructor(pairs: () => readonly Pair<V>[], kind: PairKind) {
      this.#pairs = pairs;
      this.#kind = kind;
    }
    next(): { value: unknown; done: boolean } {
      const pair = this.#pairs()[this.#index];
      if (pair === undefined) return { value: undefined, done: true };
      this.#index += 1;
      return { value: pairPart(pair, this.#kind), done: false };
    }
  }
  const prototype: object = PairIterator.prototype;
  const iteratorPrototype = create(IteratorPrototype) as object;
  defineProperty(iteratorPrototype, 'next', {
    value: PairIterator.prototype.next,
    writable: true,
    enumerable: true,
    configurable: true,
  });
  defineProperty(iteratorPrototype, Symbol.toStringTag, { value: `${name} Iterator`, configurable: true });
  return (pairs, kind) => {
    const iterator = new PairIterator(pairs, kind);
    if (Object.getPrototypeOf(iterator) === prototype) Object.setPrototypeOf(iterator, iteratorPrototype);
    return iterator as unknown as IterableIterator<never>;
  };
}

export type PairKind = 'key' | 'value' | 'entry';

function pairPart<V>(pair: Pair<V>, kind: PairKind): unknown {
  switch (kind) {
    case 'key':
      return pair[0];
    case 'value':
      return pair[1];
    case 'entry':
      return [pair[0], pair[1]];
  }
}

/** A sequence of pairs, or a record, of byte strings, as the constructor of Headers takes it. */
export function toPairs(init: object, operation: string): [string, string][] {
  const iteratorMethod: unknown = Reflect.get(init, Symbol.iterator);
  return iteratorMethod === undefined || iteratorMethod === null
    ? recordPairs(init)
    : sequencePairs(init as Iterable<unknown>, operation);
}

function sequencePairs(init: Iterable<unknown>, operation: string): [string, string][] {
  const pairs: [string, string][] = [];
  for (const item of init) {
    if (!isObject(item)) throw new TypeError(`${operation}: each item must be a pair.`);
    const pair = isArray(item) ? (item as unknown[]) : [...(item as Iterable<unknown>)];
    if (pair.length !== 2) throw new TypeError(`${operation}: each pair must be a name and a value.`);
    pairs[pairs.length] = [toByteString(pair[0]), toByteString(pair[1])];
  }
  return pairs;
}

/** Web IDL section 3.2.22: own enumerable properties, in order; a symbol among them cannot become a string. */
function recordPairs(init: object): [string, string][] {
  const pairs: [string, string][] = [];
  for (const key of ownKeys(init)) {
    if (!getOwnPropertyDescriptor(init, key)?.enumerable) continue;
    if (typeof key === 'symbol') throw new TypeError('Cannot convert a Symbol to a string.');
    const name = toByteString(key);
    pairs[pairs.length] = [name, toByteString(Reflect.get(init, key))];
  }
  return pairs;
}
