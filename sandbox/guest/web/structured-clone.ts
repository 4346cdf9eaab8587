/** structuredClone (HTML section 2.7): copies of values, with cycles kept and buffers moved when asked. */
import { Blob, blobBinary, blobFromBinary, File, fileFromBinary, isBlob } from './blob.ts';
import { DOMException } from './dom-exception.ts';
import {
  apply,
  arrayPush,
  bufferOf,
  bytesSet,
  bytesOf,
  defineProperty,
  getOwnPropertyDescriptor,
  isArray,
  isArrayBuffer,
  isDetached,
  isView,
  mapForEach,
  mapGet,
  mapSet,
  objectToString,
  ownKeys,
  SafeMap,
  SafeUint8Array,
  setForEach,
  typedArrayName,
} from './intrinsics.ts';
import { keyPart, quotaErrorPart } from './lazy.ts';
import type { QuotaExceededError } from './quota-exceeded-error.ts';
import { isObject, requireArguments, toDictionary } from './web-idl.ts';

const { transfer, slice } = ArrayBuffer.prototype;
const getterOf = (name: string): (() => unknown) =>
  getOwnPropertyDescriptor(ArrayBuffer.prototype, name)?.get as () => unknown;
const viewBytes = getOwnPropertyDescriptor(DataView.prototype, 'byteLength')?.get as () => unknown;
const typedKeys = Uint8Array.prototype.keys;
const isResizable = getterOf('resizable');
const maxBytes = getterOf('maxByteLength');
const typedArrays: ReadonlyMap<string, new (buffer: ArrayBuffer, offset: number, length: number) => object> =
  new SafeMap(
    [
      Int8Array,
      Uint8Array,
      Uint8ClampedArray,
      Int16Array,
      Uint16Array,
      Int32Array,
      Uint32Array,
      Float16Array,
      Float32Array,
      Float64Array,
      BigInt64Array,
      BigUint64Array,
    ].map((Type): [string, new (buffer: ArrayBuffer, offset: number, length: number) => object] => [
      Type.name,
      Type,
    ]),
  );
const errors: ReadonlyMap<string, ErrorConstructor> = new SafeMap(
  [Error, EvalError, RangeError, ReferenceError, SyntaxError, TypeError, URIError].map(
    (Type): [string, ErrorConstructor] => [Type.name, Type],
  ),
);

type Memory = Map<object, object>;

/** @throws DOMException DataCloneError for functions, symbols and objects that have no copy */
export function structuredClone<T>(value: T, options?: { transfer?: Iterable<ArrayBuffer> }): T {
  requireArguments(arguments.length, 1, 'structuredClone');
  const moved = toTransferList(options);
  for (const buffer of moved) refuseDetached(buffer);
  const made = copy(value, new SafeMap()) as T;
  // HTML section 2.7.7, after serializing: a value that cannot be cloned leaves every buffer where it was.
  for (const buffer of moved) apply(transfer, buffer, [0]);
  return made;
}

function toTransferList(options: unknown): ArrayBuffer[] {
  const { transfer: given } = toDictionary<{ transfer: Iterable<ArrayBuffer> }>(options, 'structuredClone');
  if (given === undefined) return [];
  const list = [...given];
  for (const [index, item] of list.entries()) {
    const isRepeated = list.indexOf(item) !== index;
    if (!isArrayBuffer(item) || isRepeated)
      throw cloneError('A value in the transfer list cannot be transferred.');
  }
  return list;
}

const cloneError = (message: string): DOMException => new DOMException(message, 'DataCloneError');

function copy(value: unknown, memory: Memory): unknown {
  if (typeof value === 'symbol' || typeof value === 'function')
    throw cloneError(`A ${typeof value} cannot be cloned.`);
  if (!isObject(value)) return value;
  const known = mapGet(memory, value);
  if (known !== undefined) return known;
  const leaf = copyLeaf(value, memory);
  if (leaf !== undefined) {
    mapSet(memory, value, leaf);
    return leaf;
  }
  return copyContainer(value, memory);
}

/** What holds no other values. */
function copyLeaf(value: object, memory: Memory): object | undefined {
  if (isArrayBuffer(value)) return copyBuffer(value);
  if (isView(value)) return copyView(value, memory);
  if (isBlob(value)) return copyBlob(value);
  const keys = keyPart.loaded();
  if (keys?.isKey(value)) return keys.makeKey(keys.keyParts(value));
  switch (objectToString(value)) {
    case '[object Date]':
      return tryCopy(() => new Date(apply(Date.prototype.getTime, value, []) as number));
    case '[object RegExp]':
      return value instanceof RegExp ? new RegExp(value.source, value.flags) : undefined;
    case '[object Boolean]':
      return tryCopy(() => Object(apply(Boolean.prototype.valueOf, value, [])) as object);
    case '[object Number]':
      return tryCopy(() => Object(apply(Number.prototype.valueOf, value, [])) as object);
    case '[object String]':
      return tryCopy(() => Object(apply(String.prototype.valueOf, value, [])) as object);
    case '[object BigInt]':
      return tryCopy(() => Object(apply(BigInt.prototype.valueOf, value, [])) as object);
    default:
      return undefined;
  }
}

/** The class string can be forged; the method that needs the internal slot then throws, and the value is an object. */
function tryCopy(make: () => object): object | undefined {
  try {
    return make();
  } catch {
    return undefined;
  }
}

/** HTML section 2.7.3, step 13: one that can grow keeps that. */
function copyBuffer(buffer: ArrayBuffer): ArrayBuffer {
  refuseDetached(buffer);
  if (!apply(isResizable, buffer, [])) return apply(slice, buffer, [0]) as ArrayBuffer;
  const bytes = new SafeUint8Array(buffer);
  const maxByteLength = apply(maxBytes, buffer, []) as number;
  const made = new ArrayBuffer(bytes.length, { maxByteLength });
  bytesSet(new SafeUint8Array(made), bytes);
  return made;
}

function refuseDetached(buffer: ArrayBuffer): void {
  if (isDetached(buffer)) throw cloneError('A buffer that was transferred has nothing to clone.');
}

/** HTML section 2.7.3, step 15: of a buffer that has shrunk below the view. Both methods look at that and throw. */
function refuseOutOfBounds(view: ArrayBufferView): void {
  try {
    apply(typedArrayName(view) === undefined ? viewBytes : typedKeys, view, []);
  } catch {
    throw cloneError('A view that is out of the bounds of its buffer has nothing to clone.');
  }
}

function copyView(view: ArrayBufferView, memory: Memory): object {
  const buffer = copy(bufferOf(view), memory) as ArrayBuffer;
  refuseOutOfBounds(view);
  const bytes = bytesOf(view);
  const Type = mapGet(typedArrays, typedArrayName(view) ?? '');
  if (Type === undefined) return new DataView(buffer, bytes.byteOffset, bytes.byteLength);
  const elementBytes = (Type as unknown as { BYTES_PER_ELEMENT: number }).BYTES_PER_ELEMENT;
  return new Type(buffer, bytes.byteOffset, bytes.byteLength / elementBytes);
}

function copyBlob(blob: Blob): Blob {
  return blob instanceof File
    ? fileFromBinary(blobBinary(blob), blob.name, blob.type, blob.lastModified)
    : blobFromBinary(blobBinary(blob), blob.type);
}

function copyContainer(value: object, memory: Memory): object {
  switch (objectToString(value)) {
    case '[object Map]':
      return value instanceof Map ? copyMap(value, memory) : copyProperties(value, {}, memory);
    case '[object Set]':
      return value instanceof Set ? copySet(value, memory) : copyProperties(value, {}, memory);
    case '[object Error]':
      return copyError(value as Error, memory);
    case '[object DOMException]':
    case '[object QuotaExceededError]':
      return value instanceof DOMException ? copyException(value, memory) : copyProperties(value, {}, memory);
    default:
      refuseUncloneable(value);
      return copyProperties(value, isArray(value) ? sparseLike(value) : {}, memory);
  }
}

const UNCLONEABLE: ReadonlySet<string> = new Set(
  [
    'Promise',
    'WeakMap',
    'WeakSet',
    'WeakRef',
    'Generator',
    'AsyncGenerator',
    'Request',
    'Response',
    'Headers',
    'FormData',
    'URL',
    'URLSearchParams',
    'AbortSignal',
    'AbortController',
    'EventTarget',
    'Event',
    'CustomEvent',
    'ErrorEvent',
    'MessageEvent',
    'PromiseRejectionEvent',
    'MessageChannel',
    'MessagePort',
    'ReadableStream',
    'WritableStream',
    'TransformStream',
    'ReadableStreamDefaultReader',
    'ReadableStreamBYOBReader',
    'WritableStreamDefaultWriter',
    'CompressionStream',
    'DecompressionStream',
    'TextEncoder',
    'TextDecoder',
    'TextEncoderStream',
    'TextDecoderStream',
    'URLPattern',
    'Crypto',
    'SubtleCrypto',
    'Performance',
    'Array Iterator',
    'Map Iterator',
    'Set Iterator',
    'String Iterator',
    'RegExp String Iterator',
  ].map((name) => `[object ${name}]`),
);

/** Platform objects without a serialization (HTML section 2.7.3, step 20). */
function refuseUncloneable(value: object): void {
  const label = objectToString(value);
  if (UNCLONEABLE.has(label)) throw cloneError(`${label} cannot be cloned.`);
}

function sparseLike(list: readonly unknown[]): unknown[] {
  const target: unknown[] = [];
  target.length = list.length;
  return target;
}

function copyProperties<T extends object>(value: object, target: T, memory: Memory): T {
  mapSet(memory, value, target);
  for (const key of ownKeys(value)) {
    if (typeof key === 'symbol' || !getOwnPropertyDescriptor(value, key)?.enumerable) continue;
    const member = copy(Reflect.get(value, key), memory);
    // Defined, not assigned: a key `__proto__` stays a key.
    defineProperty(target, key, { value: member, writable: true, enumerable: true, configurable: true });
  }
  return target;
}

function copyMap(map: ReadonlyMap<unknown, unknown>, memory: Memory): Map<unknown, unknown> {
  const target = new SafeMap<unknown, unknown>();
  mapSet(memory, map, target);
  const entries: [unknown, unknown][] = [];
  mapForEach(map, (value, key) => arrayPush(entries, [key, value]));
  for (const [key, value] of entries) mapSet(target, copy(key, memory), copy(value, memory));
  return target;
}

function copySet(set: ReadonlySet<unknown>, memory: Memory): Set<unknown> {
  const target = new Set<unknown>();
  mapSet(memory, set, target);
  const items: unknown[] = [];
  setForEach(set, (item) => arrayPush(items, item));
  for (const item of items) target.add(copy(item, memory));
  return target;
}

/** HTML section 2.7.3, step 16: name of a known kind, message, stack and cause; nothing else. */
function copyError(error: Error, memory: Memory): Error {
  const Type = mapGet(errors, String(error.name)) ?? Error;
  const made = new Type();
  mapSet(memory, error, made);
  for (const key of ['message', 'stack', 'cause'] as const) {
    const descriptor = getOwnPropertyDescriptor(error, key);
    if (descriptor === undefined) continue;
    const value = key === 'cause' ? copy(descriptor.value, memory) : String(error[key]);
    defineProperty(made, key, { value, writable: true, configurable: true });
  }
  return made;
}

/** Web IDL section 4.3, serialization steps: name and message; the stack as engines keep it. */
function copyException(error: DOMException, memory: Memory): DOMException {
  const quotas = quotaErrorPart.loaded();
  const made =
    quotas && error instanceof quotas.QuotaExceededError
      ? new quotas.QuotaExceededError(error.message, amountsOf(error))
      : new DOMException(error.message, error.name);
  mapSet(memory, error, made);
  const stack = getOwnPropertyDescriptor(error, 'stack');
  if (stack)
    defineProperty(made, 'stack', { value: String(error.stack), writable: true, configurable: true });
  return made;
}

const amountsOf = ({ quota, requested }: QuotaExceededError): { quota?: number; requested?: number } => ({
  ...(quota === null ? {} : { quota }),
  ...(requested === null ? {} : { requested }),
});
