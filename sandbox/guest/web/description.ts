/** Values as text for the log: bounded in depth, breadth and length; getters are shown, never called. */
import { errorText } from '../error-text.ts';
import { CHARS_MAX } from './describe.ts';
import {
  apply,
  arrayJoin,
  arrayPush,
  getOwnPropertyDescriptor,
  getPrototypeOf,
  hasOwn,
  isArray,
  jsonStringify,
  mapForEach,
  min,
  ownKeys,
  setForEach,
  stringSlice,
  typedArrayName,
} from './intrinsics.ts';

const DEPTH_MAX = 4;
const ITEMS_MAX = 50;

type Visit = { readonly above: readonly object[]; charsLeft: number };

/** @returns a text of at most 8,192 characters; throws whatever getters of the guest's errors throw */
export function describeValue(value: unknown): string {
  return stringSlice(show(value, { above: [], charsLeft: CHARS_MAX }), 0, CHARS_MAX);
}

function show(value: unknown, visit: Visit): string {
  if (visit.charsLeft <= 0) return '…';
  const text =
    typeof value === 'object' && value !== null ? showObject(value, visit) : showPrimitive(value, visit);
  visit.charsLeft -= text.length;
  return text;
}

function showPrimitive(value: unknown, visit: Visit): string {
  switch (typeof value) {
    case 'string':
      return visit.above.length === 0 ? value : jsonStringify(stringSlice(value, 0, CHARS_MAX));
    case 'function':
      return `[Function ${ownName(value) || '(anonymous)'}]`;
    case 'bigint':
      return `${value}n`;
    default:
      return Object.is(value, -0) ? '-0' : String(value);
  }
}

function ownName(value: object): string {
  const name: unknown = getOwnPropertyDescriptor(value, 'name')?.value;
  return typeof name === 'string' ? name : '';
}

function showObject(value: object, visit: Visit): string {
  if (visit.above.includes(value)) return '[Circular]';
  if (value instanceof Error) return errorText(value);
  const label = className(value);
  if (visit.above.length >= DEPTH_MAX) return isArray(value) ? '[Array]' : `[${label || 'Object'}]`;
  return showMembers(value, label, { above: [...visit.above, value], charsLeft: visit.charsLeft });
}

function showMembers(value: object, label: string, inner: Visit): string {
  if (value instanceof Date) return dateText(value);
  if (value instanceof RegExp) return apply(RegExp.prototype.toString, value, []) as string;
  if (value instanceof Map) return `Map(${value.size}) ${braced(mapParts(value, inner))}`;
  if (value instanceof Set) return `Set(${value.size}) ${braced(setParts(value, inner))}`;
  if (isArray(value)) return bracketed(listParts(value, inner));
  if (typedArrayName(value) !== undefined)
    return `${label} ${bracketed(listParts(value as Uint8Array, inner))}`;
  const body = braced(propertyParts(value, inner));
  return label === 'Object' || label === '' ? body : `${label} ${body}`;
}

const braced = (parts: readonly string[]): string =>
  parts.length === 0 ? '{}' : `{ ${arrayJoin(parts, ', ')} }`;
const bracketed = (parts: readonly string[]): string =>
  parts.length === 0 ? '[]' : `[ ${arrayJoin(parts, ', ')} ]`;

function dateText(value: Date): string {
  const time = apply(Date.prototype.getTime, value, []) as number;
  return Number.isNaN(time) ? 'Invalid Date' : (apply(Date.prototype.toISOString, value, []) as string);
}

function listParts(list: ArrayLike<unknown>, inner: Visit): string[] {
  const parts: string[] = [];
  for (let index = 0; index < min(list.length, ITEMS_MAX); index += 1)
    arrayPush(parts, property(list, `${index}`, inner));
  if (list.length > ITEMS_MAX) arrayPush(parts, `… ${list.length - ITEMS_MAX} more`);
  return parts;
}

function mapParts(map: ReadonlyMap<unknown, unknown>, inner: Visit): string[] {
  const parts: string[] = [];
  mapForEach(map, (value, key) => {
    if (parts.length < ITEMS_MAX) arrayPush(parts, `${show(key, inner)} => ${show(value, inner)}`);
  });
  return parts;
}

function setParts(set: ReadonlySet<unknown>, inner: Visit): string[] {
  const parts: string[] = [];
  setForEach(set, (value) => {
    if (parts.length < ITEMS_MAX) arrayPush(parts, show(value, inner));
  });
  return parts;
}

const PLAIN_NAME = /^[A-Za-z_$][\w$]*$/;

function propertyParts(value: object, inner: Visit): string[] {
  const parts: string[] = [];
  for (const key of ownKeys(value)) {
    if (!getOwnPropertyDescriptor(value, key)?.enumerable) continue;
    if (parts.length >= ITEMS_MAX) return [...parts, '…'];
    const name =
      typeof key === 'symbol' ? `[${String(key)}]` : PLAIN_NAME.test(key) ? key : jsonStringify(key);
    arrayPush(parts, `${name}: ${property(value, key, inner)}`);
  }
  return parts;
}

function property(owner: object, key: PropertyKey, inner: Visit): string {
  const descriptor = getOwnPropertyDescriptor(owner, key);
  if (descriptor === undefined) return '<empty>';
  if (!hasOwn(descriptor, 'value')) return descriptor.get ? '[Getter]' : '[Setter]';
  return show(descriptor.value, inner);
}

function className(value: object): string {
  const prototype = getPrototypeOf(value) as object | null;
  if (prototype === null) return '[Object: null prototype]';
  const constructor: unknown = getOwnPropertyDescriptor(prototype, 'constructor')?.value;
  return typeof constructor === 'function' ? ownName(constructor) : '';
}
