/**
 * Built-ins captured before guest code runs, so that guest code which replaces them breaks nobody's logic but its own.
 * Everything here is strict: a sloppy function would show its arguments to a hostile `prepareStackTrace`.
 */
export const { parse, stringify } = JSON;
export const { apply, ownKeys } = Reflect;
export const { assign, create, defineProperty, freeze, hasOwn, setPrototypeOf } = Object;
export const { isArray } = Array;
export const PromiseConstructor = Promise;
export const ErrorConstructor = Error;
export const { captureStackTrace } = Error;
export const TypeErrorConstructor = TypeError;
export const ProxyConstructor = Proxy;
export const MapConstructor = Map;

const { call, bind } = Function.prototype;
const uncurry = bind.bind(call) as <This, Args extends unknown[], Result>(
  method: (this: This, ...args: Args) => Result,
) => (self: This, ...args: Args) => Result;

export const mapGet = uncurry(Map.prototype.get) as <K, V>(map: Map<K, V>, key: K) => V | undefined;
export const mapSet = uncurry(Map.prototype.set) as <K, V>(map: Map<K, V>, key: K, value: V) => Map<K, V>;
export const mapHas = uncurry(Map.prototype.has) as <K, V>(map: Map<K, V>, key: K) => boolean;
export const mapDelete = uncurry(Map.prototype.delete) as <K, V>(map: Map<K, V>, key: K) => boolean;
export const mapClear = uncurry(Map.prototype.clear) as (map: Map<unknown, unknown>) => void;
export const mapSize = uncurry(
  Reflect.getOwnPropertyDescriptor(Map.prototype, 'size')?.get as (this: Map<unknown, unknown>) => number,
);
export const mapForEach = uncurry(Map.prototype.forEach) as <K, V>(
  map: Map<K, V>,
  visit: (value: V, key: K) => void,
) => void;
export const promiseThen = uncurry(Promise.prototype.then) as <T, R>(
  promise: Promise<T>,
  done: (value: T) => R | Promise<R>,
) => Promise<R>;
export const stringSlice = uncurry(String.prototype.slice);
export const stringIndexOf = uncurry(String.prototype.indexOf);
export const arrayJoin = uncurry(Array.prototype.join) as (
  array: readonly unknown[],
  separator: string,
) => string;
