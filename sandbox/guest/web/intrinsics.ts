/**
 * The engine's built-ins as they were before any guest code ran, in a form that a guest cannot redirect.
 *
 * A guest may replace `Array.prototype.push` or `Promise.prototype.then`; our code calls what it captured here. That
 * keeps our bookkeeping right. A guest that patches built-ins may still break its own program.
 */

// oxlint-disable-next-line typescript/no-explicit-any -- the shape of every method there is
type AnyMethod = (this: any, ...args: any[]) => any;
type Uncurried<M extends AnyMethod> = (self: ThisParameterType<M>, ...args: Parameters<M>) => ReturnType<M>;

const { bind, call } = Function.prototype;
const uncurryThis = Reflect.apply(bind, bind, [call]) as <M extends AnyMethod>(method: M) => Uncurried<M>;

export const { apply, ownKeys, getOwnPropertyDescriptor, getPrototypeOf } = Reflect;
export const { defineProperty, freeze, create } = Object;
export const objectToString = uncurryThis(Object.prototype.toString);
export const hasOwn = Object.hasOwn;

export const { isArray } = Array;
export const arrayPush = uncurryThis(Array.prototype.push) as <T>(list: T[], ...items: T[]) => number;
export const arraySlice = uncurryThis(Array.prototype.slice) as <T>(
  list: readonly T[],
  start?: number,
  end?: number,
) => T[];
export const arraySplice = uncurryThis(Array.prototype.splice) as <T>(
  list: T[],
  start: number,
  count: number,
) => T[];
export const arraySort = uncurryThis(Array.prototype.sort) as <T>(
  list: T[],
  compare: (a: T, b: T) => number,
) => T[];
export const arrayJoin = uncurryThis(Array.prototype.join) as (
  list: readonly string[],
  glue: string,
) => string;
export const arrayIndexOf = uncurryThis(Array.prototype.indexOf) as <T>(
  list: readonly T[],
  item: T,
) => number;

export const { fromCharCode } = String;
export const charCodeAt = uncurryThis(String.prototype.charCodeAt);
export const stringSlice = uncurryThis(String.prototype.slice);
export const stringIndexOf = uncurryThis(String.prototype.indexOf);
export const stringToLowerCase = uncurryThis(String.prototype.toLowerCase);
export const stringToUpperCase = uncurryThis(String.prototype.toUpperCase);
export const stringRepeat = uncurryThis(String.prototype.repeat);
export const toWellFormed = uncurryThis(String.prototype.toWellFormed);
const stringReplace = uncurryThis(
  String.prototype.replaceAll as (this: string, from: string, to: string) => string,
);
/** Replaces a plain string by a plain string; `to` holds no `$`. */
export const replaceText = (text: string, from: string, to: string): string => stringReplace(text, from, to);

const regExpExec = uncurryThis(RegExp.prototype.exec);
/** Whether a non-global pattern matches, without the look-up of `exec` that `RegExp.prototype.test` makes. */
export const matches = (pattern: RegExp, text: string): boolean => regExpExec(pattern, text) !== null;
export const exec = (pattern: RegExp, text: string): RegExpExecArray | null => regExpExec(pattern, text);

/** Indirect: it evaluates in the global scope (ECMA-262 section 19.2.1), for texts of our own alone. */
// oxlint-disable-next-line no-eval -- it is the engine's own, and evaluates in the isolate
export const evaluate = globalThis.eval as (text: string) => unknown;
export const { stringify: jsonStringify, parse: jsonParse } = JSON;
export const encodeUriComponent = globalThis.encodeURIComponent;
export const decodeUriComponent = globalThis.decodeURIComponent;
/** ECMA-262 annex B.2.1: with the URI functions the only native way between UTF-16 and UTF-8 in a bare engine. */
export const escapeBytes = globalThis.escape;
export const unescapeBytes = globalThis.unescape;

export const SafeMap = Map;
export const mapGet = uncurryThis(Map.prototype.get) as <K, V>(
  map: ReadonlyMap<K, V>,
  key: K,
) => V | undefined;
export const mapHas = uncurryThis(Map.prototype.has) as <K, V>(map: ReadonlyMap<K, V>, key: K) => boolean;
export const mapSet = uncurryThis(Map.prototype.set) as <K, V>(map: Map<K, V>, key: K, value: V) => Map<K, V>;
export const mapDelete = uncurryThis(Map.prototype.delete) as <K, V>(map: Map<K, V>, key: K) => boolean;
export const mapForEach = uncurryThis(Map.prototype.forEach) as <K, V>(
  map: ReadonlyMap<K, V>,
  each: (value: V, key: K) => void,
) => void;
export const setHas = uncurryThis(Set.prototype.has) as <T>(set: ReadonlySet<T>, item: T) => boolean;
export const setForEach = uncurryThis(Set.prototype.forEach) as <T>(
  set: ReadonlySet<T>,
  each: (value: T) => void,
) => void;

export const SafePromise = Promise;
export const promiseThen = uncurryThis(Promise.prototype.then) as <T, R>(
  promise: Promise<T>,
  done: (value: T) => R | Promise<R>,
  failed?: (reason: unknown) => R | Promise<R>,
) => Promise<R>;
export const promiseResolve = Promise.resolve.bind(Promise) as <T>(value: T) => Promise<T>;
export const promiseReject = Promise.reject.bind(Promise) as (reason: unknown) => Promise<never>;

export const SafeUint8Array = Uint8Array;
const typedArrayPrototype = getPrototypeOf(Uint8Array.prototype) as Uint8Array;
const getterOf = (owner: object, name: PropertyKey): AnyMethod =>
  getOwnPropertyDescriptor(owner, name)?.get as AnyMethod;
/** The class name of a typed array, undefined for anything else: it reads the internal slot. */
export const typedArrayName = uncurryThis(getterOf(typedArrayPrototype, Symbol.toStringTag)) as (
  value: unknown,
) => string | undefined;
export const bytesSet = uncurryThis(Uint8Array.prototype.set) as (
  target: Uint8Array,
  source: ArrayLike<number>,
  offset?: number,
) => void;
export const bytesSubarray = uncurryThis(Uint8Array.prototype.subarray) as (
  bytes: Uint8Array,
  start: number,
  end?: number,
) => Uint8Array;
const typedArrayBuffer = uncurryThis(getterOf(typedArrayPrototype, 'buffer'));
const typedArrayOffset = uncurryThis(getterOf(typedArrayPrototype, 'byteOffset'));
const typedArrayBytes = uncurryThis(getterOf(typedArrayPrototype, 'byteLength'));
const dataViewBuffer = uncurryThis(getterOf(DataView.prototype, 'buffer'));
const dataViewOffset = uncurryThis(getterOf(DataView.prototype, 'byteOffset'));
const dataViewBytes = uncurryThis(getterOf(DataView.prototype, 'byteLength'));
const bufferBytes = uncurryThis(getterOf(ArrayBuffer.prototype, 'byteLength'));
export const isDetached = uncurryThis(getterOf(ArrayBuffer.prototype, 'detached')) as (
  buffer: ArrayBuffer,
) => boolean;
export const { isView } = ArrayBuffer;

/** Whether the value has the internal slot of an ArrayBuffer, whatever its prototype says. */
export function isArrayBuffer(value: unknown): value is ArrayBuffer {
  if (typeof value !== 'object' || value === null) return false;
  try {
    bufferBytes(value);
    return true;
  } catch {
    return false;
  }
}

export const isBufferSource = (value: unknown): value is ArrayBuffer | ArrayBufferView =>
  isView(value) || isArrayBuffer(value);

/** The buffer of a buffer source; its own, where it is one. */
export const bufferOf = (source: ArrayBuffer | ArrayBufferView): ArrayBuffer =>
  !isView(source)
    ? source
    : typedArrayName(source) === undefined
      ? dataViewBuffer(source)
      : typedArrayBuffer(source);

/**
 * A view, not a copy, of the bytes of a buffer source (Web IDL section 3.2.26, "get a copy of the bytes held"); of one
 * that was transferred there are none.
 */
export function bytesOf(source: ArrayBuffer | ArrayBufferView): Uint8Array<ArrayBuffer> {
  const buffer = bufferOf(source);
  if (isDetached(buffer)) return new SafeUint8Array(0);
  if (!isView(source)) return new SafeUint8Array(buffer);
  return typedArrayName(source) === undefined
    ? new SafeUint8Array(buffer, dataViewOffset(source), dataViewBytes(source))
    : new SafeUint8Array(buffer, typedArrayOffset(source), typedArrayBytes(source));
}

export const { max, min, trunc, abs } = Math;
export const dateNow = Date.now;
export const captureStackTrace = Error.captureStackTrace;
/** The prototype of every built-in iterator. */
export const IteratorPrototype = getPrototypeOf(getPrototypeOf([][Symbol.iterator]()) as object) as object;
