/** Headers (Fetch section 5.1) and the header lists beneath them (Fetch section 2.2.2). */
import {
  arrayIndexOf,
  arrayPush,
  arraySort,
  arraySplice,
  charCodeAt,
  exec,
  matches,
  stringToLowerCase,
} from './intrinsics.ts';
import {
  definePairIterator,
  defineInterface,
  isObject,
  requireArguments,
  toByteString,
  toPairs,
  type Pair,
} from './web-idl.ts';

/** RFC 9110 section 5.6.2: a field name is a token. */
const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
/** Fetch section 2.2.2: a value has no NUL, CR or LF within: they would end the header early (header injection). */
// oxlint-disable-next-line no-control-regex -- NUL is what is looked for
const FORBIDDEN_IN_VALUE = /[\u0000\r\n]/;
const TRIMMED = /^[\t\n\r ]*([^]*?)[\t\n\r ]*$/;
const OUTER_SPACE = /^[\t\n\r ]|[\t\n\r ]$/;

/** Names in lower case, values as they go on the wire, in order of arrival. */
export type HeaderList = [name: string, value: string][];

/** Fetch section 5.1: `immutable` headers belong to answers that the host gave. */
type Guard = 'none' | 'immutable';

function toHeaderName(name: unknown): string {
  const text = toByteString(name);
  if (!matches(TOKEN, text))
    throw new TypeError(`Header name must be a valid HTTP token: ${JSON.stringify(text.slice(0, 100))}`);
  return stringToLowerCase(text);
}

function toHeaderValue(value: unknown): string {
  const bytes = toByteString(value);
  const text = matches(OUTER_SPACE, bytes) ? (exec(TRIMMED, bytes)?.[1] ?? '') : bytes;
  if (matches(FORBIDDEN_IN_VALUE, text)) throw new TypeError('Header value must not contain NUL, CR or LF.');
  return text;
}

/** @returns the values of one name, joined (Fetch section 2.2.2, "get"), or null */
export function getHeader(list: HeaderList, name: string): string | null {
  let combined: string | null = null;
  for (let index = 0; index < list.length; index += 1) {
    const pair = list[index];
    if (pair?.[0] === name) combined = combined === null ? pair[1] : `${combined}, ${pair[1]}`;
  }
  return combined;
}

function setHeader(list: HeaderList, name: string, value: string): void {
  let isSet = false;
  for (let index = 0; index < list.length; index += 1) {
    if (list[index]?.[0] !== name) continue;
    if (isSet) arraySplice(list, index--, 1);
    else list[index] = [name, value];
    isSet = true;
  }
  if (!isSet) arrayPush(list, [name, value]);
}

/** Fetch section 2.2.2, "sort and combine": one pair per name, except that each Set-Cookie stays its own. */
function sortAndCombine(list: HeaderList): Pair<string>[] {
  const names: string[] = [];
  for (const [name] of list) if (arrayIndexOf(names, name) < 0) arrayPush(names, name);
  const sorted: Pair<string>[] = [];
  for (const name of arraySort(names, compareUnits)) {
    if (name === 'set-cookie') for (const cookie of cookies(list)) arrayPush(sorted, [name, cookie]);
    else arrayPush(sorted, [name, getHeader(list, name) ?? '']);
  }
  return sorted;
}

const compareUnits = (left: string, right: string): number => (left < right ? -1 : left > right ? 1 : 0);

function cookies(list: HeaderList): string[] {
  const found: string[] = [];
  for (const [name, value] of list) if (name === 'set-cookie') arrayPush(found, value);
  return found;
}

const iterate = definePairIterator<string>('Headers');
let wrap: (list: HeaderList, guard: Guard) => Headers;
let listOf: (headers: Headers) => HeaderList;
const HOLLOW = Symbol('made by wrapHeaders');

export class Headers {
  static {
    wrap = (list, guard) => {
      const headers = new Headers(HOLLOW as never);
      headers.#list = list;
      headers.#guard = guard;
      return headers;
    };
    listOf = (headers) => headers.#list;
  }

  #list: HeaderList = [];
  #guard: Guard = 'none';
  #sorted: { readonly of: number; readonly pairs: Pair<string>[] } | null = null;
  #changes = 0;

  constructor(init?: HeadersInit) {
    if (init === undefined || (init as unknown) === HOLLOW) return;
    if (!isObject(init))
      throw new TypeError('Headers: the initial value must be an object or a sequence of pairs.');
    fillHeaders(this.#list, init);
  }

  append(name: string, value: string): void {
    requireArguments(arguments.length, 2, 'Headers.append');
    const pair: [string, string] = [toHeaderName(name), toHeaderValue(value)];
    arrayPush(this.#writable(), pair);
  }

  delete(name: string): void {
    requireArguments(arguments.length, 1, 'Headers.delete');
    const key = toHeaderName(name);
    const list = this.#writable();
    for (let index = list.length - 1; index >= 0; index -= 1)
      if (list[index]?.[0] === key) arraySplice(list, index, 1);
  }

  get(name: string): string | null {
    requireArguments(arguments.length, 1, 'Headers.get');
    return getHeader(this.#list, toHeaderName(name));
  }

  getSetCookie(): string[] {
    return cookies(this.#list);
  }

  has(name: string): boolean {
    requireArguments(arguments.length, 1, 'Headers.has');
    return getHeader(this.#list, toHeaderName(name)) !== null;
  }

  set(name: string, value: string): void {
    requireArguments(arguments.length, 2, 'Headers.set');
    const key = toHeaderName(name);
    const text = toHeaderValue(value);
    setHeader(this.#writable(), key, text);
  }

  forEach(callback: (value: string, name: string, headers: Headers) => void, thisArg?: unknown): void {
    requireArguments(arguments.length, 1, 'Headers.forEach');
    if (typeof callback !== 'function')
      throw new TypeError('Headers.forEach: the callback must be a function.');
    for (let index = 0; ; index += 1) {
      const pair = this.#pairs()[index];
      if (pair === undefined) return;
      Reflect.apply(callback, thisArg, [pair[1], pair[0], this]);
    }
  }

  keys(): IterableIterator<string> {
    this.#pairs();
    return iterate(() => this.#pairs(), 'key');
  }

  values(): IterableIterator<string> {
    this.#pairs();
    return iterate(() => this.#pairs(), 'value');
  }

  entries(): IterableIterator<[string, string]> {
    this.#pairs();
    return iterate(() => this.#pairs(), 'entry');
  }

  [Symbol.iterator](): IterableIterator<[string, string]> {
    return this.entries();
  }

  #writable(): HeaderList {
    if (this.#guard === 'immutable') throw new TypeError('These headers are immutable.');
    this.#changes += 1;
    return this.#list;
  }

  /** Iteration asks again at each step, as entries may change meanwhile; the sorted list is kept while none did. */
  #pairs(): Pair<string>[] {
    if (this.#sorted?.of !== this.#changes)
      this.#sorted = { of: this.#changes, pairs: sortAndCombine(this.#list) };
    return this.#sorted.pairs;
  }
}

export type HeadersInit = Headers | Iterable<readonly [string, string]> | Readonly<Record<string, string>>;

/** Fetch section 5.1, "fill", onto a list that nobody else holds. */
export function fillHeaders(list: HeaderList, init: object): void {
  if (isHeaders(init) && iteratorOf(init) === iterateHeaders) {
    for (const [name, value] of listOf(init)) arrayPush(list, [name, value]);
    return;
  }
  for (const [name, value] of toPairs(init, 'Headers'))
    arrayPush(list, [toHeaderName(name), toHeaderValue(value)]);
}

const iteratorOf = (headers: Headers): unknown => headers[Symbol.iterator];

function isHeaders(value: unknown): value is Headers {
  try {
    return listOf(value as Headers) !== undefined;
  } catch {
    return false;
  }
}

/** Headers over a list, not a copy of it. */
export const wrapHeaders = (list: HeaderList, guard: Guard): Headers => wrap(list, guard);

/** @returns a list of its own, names in lower case, from pairs that the host has checked */
export function trustedList(pairs: readonly (readonly [string, string])[]): HeaderList {
  const list: HeaderList = [];
  for (let index = 0; index < pairs.length; index += 1) {
    const pair = pairs[index];
    if (pair) list[index] = [stringToLowerCase(pair[0]), pair[1]];
  }
  return list;
}

/** RFC 9112 section 4: what a reason phrase may hold. */
export function isReasonPhrase(text: string): boolean {
  for (let index = 0; index < text.length; index += 1) {
    const unit = charCodeAt(text, index);
    if (unit !== 0x09 && (unit < 0x20 || unit === 0x7f || unit > 0xff)) return false;
  }
  return true;
}

const iterateHeaders: unknown = Headers.prototype.entries;
Object.defineProperty(Headers.prototype, Symbol.iterator, {
  value: iterateHeaders,
  writable: true,
  configurable: true,
});
defineInterface(Headers, 'Headers', { constructor: 0, forEach: 1 });
