/**
 * The web APIs of the isolate: the WinterTC minimum common API, on an engine that has ECMAScript alone.
 *
 * Nothing here touches the bindings at evaluation or installation, so that a startup snapshot can hold it; what it does
 * not hold is in `lazy.ts`. What guests must not have (WebAssembly, shared memory) is removed at boot, in each
 * context: V8 adds it again to a context that comes from a snapshot, and dies when `Atomics` is missing from one.
 */
import type { BoundRun, GuestBindings } from '../bindings.ts';
import { atob, btoa } from './base64.ts';
import { binaryFromBytes } from './binary.ts';
import { isBodyTooLarge, isUnusable, streamOf, takeBinary, type Body } from './body.ts';
import { bind } from './bound.ts';
import { console } from './console.ts';
import { Crypto, crypto } from './crypto.ts';
import { DOMException } from './dom-exception.ts';
import { carry, fetch, type Carrier } from './fetch.ts';
import { Headers } from './headers.ts';
import {
  arrayPush,
  bytesOf,
  bytesSubarray,
  defineProperty,
  promiseThen,
  typedArrayName,
} from './intrinsics.ts';
import {
  abortPart,
  blobPart,
  channelPart,
  clonePart,
  compressionPart,
  decoderPart,
  eventKindsPart,
  eventPart,
  formPart,
  keyPart,
  patternPart,
  quotaErrorPart,
  streamPart,
  subtlePart,
  urlPart,
} from './lazy.ts';
import { navigator } from './navigator.ts';
import type { Part } from './part.ts';
import { Performance, performance } from './performance.ts';
import type { PulledBody } from './pulled-body.ts';
import { reportError } from './report-error.ts';
import { Request, requestFromHost } from './request.ts';
import { isResponse, Response, responseState } from './response.ts';
import type { ReadableStream } from './streams.ts';
import { TextEncoder } from './text-encoding.ts';
import { clearInterval, clearTimeout, queueMicrotask, setInterval, setTimeout } from './timers.ts';

/** What nearly every plugin uses, and what those parts themselves need. */
const GLOBALS: Readonly<Record<string, unknown>> = {
  atob,
  btoa,
  clearInterval,
  clearTimeout,
  console,
  crypto,
  Crypto,
  DOMException,
  fetch,
  // Node's name of the global object, which libraries ask for beside `self`; every bundler stands in for it or wishes to.
  global: globalThis,
  Headers,
  navigator,
  performance,
  Performance,
  queueMicrotask,
  reportError,
  Request,
  Response,
  self: globalThis,
  setInterval,
  setTimeout,
  TextEncoder,
};

/** The rest, by the part of `lazy.ts` that has it. */
const LAZY_GLOBALS: readonly (readonly [part: Part<object>, names: readonly string[]])[] = [
  [abortPart, ['AbortController', 'AbortSignal']],
  [blobPart, ['Blob', 'File']],
  [channelPart, ['MessageChannel', 'MessagePort']],
  [clonePart, ['structuredClone']],
  [compressionPart, ['CompressionStream', 'DecompressionStream']],
  [decoderPart, ['TextDecoder']],
  [eventKindsPart, ['ErrorEvent', 'MessageEvent', 'PromiseRejectionEvent']],
  [eventPart, ['CustomEvent', 'Event', 'EventTarget']],
  [formPart, ['FormData']],
  [keyPart, ['CryptoKey']],
  [patternPart, ['URLPattern']],
  [quotaErrorPart, ['QuotaExceededError']],
  [subtlePart, ['SubtleCrypto']],
  [urlPart, ['URL', 'URLSearchParams']],
  [
    streamPart,
    [
      'ByteLengthQueuingStrategy',
      'CountQueuingStrategy',
      'ReadableByteStreamController',
      'ReadableStream',
      'ReadableStreamBYOBReader',
      'ReadableStreamBYOBRequest',
      'ReadableStreamDefaultController',
      'ReadableStreamDefaultReader',
      'TextDecoderStream',
      'TextEncoderStream',
      'TransformStream',
      'TransformStreamDefaultController',
      'WritableStream',
      'WritableStreamDefaultController',
      'WritableStreamDefaultWriter',
    ],
  ],
];

type Pairs = readonly (readonly [string, string])[];

/** A response as it leaves the isolate. */
export type AnsweredResponse = {
  readonly status: number;
  readonly headers: Pairs;
  /** In pieces only where that was asked for. */
  readonly body: string | ReadableStream<unknown> | null;
};

export { isRequestTooLarge, streamOfPulled } from './body.ts';
export type { PulledBody } from './pulled-body.ts';
export type { ReadableStream } from './streams.ts';

/** Puts the web APIs on the global object; not enumerable, as browsers have them (Web IDL section 3.7.3). */
export function installWebApi(bindings: GuestBindings): void {
  bind(bindings);
  for (const name of Object.keys(GLOBALS)) defineGlobal(name, GLOBALS[name]);
  for (const [part, names] of LAZY_GLOBALS) for (const name of names) defineLazyGlobal(name, part);
}

function defineGlobal(name: string, value: unknown): void {
  // Minifying took the names of functions and classes; programs and people read them.
  if (typeof value === 'function') defineProperty(value, 'name', { value: name, configurable: true });
  defineProperty(globalThis, name, { value, writable: true, enumerable: false, configurable: true });
}

/** Reading the global loads its part and makes it a plain property; writing it makes it one without loading. */
function defineLazyGlobal(name: string, part: Part<object>): void {
  defineProperty(globalThis, name, {
    enumerable: false,
    configurable: true,
    get: () => {
      const value: unknown = Reflect.get(part.use(), name);
      defineGlobal(name, value);
      return value;
    },
    set: (value: unknown) => {
      defineProperty(globalThis, name, { value, writable: true, enumerable: false, configurable: true });
    },
  });
}

/**
 * The request that triggers a run.
 * @param parts checked by the gateway: an absolute URL, valid header names and values as JSON; the body as a binary
 *   string, or to be pulled
 */
export function makeRequest(parts: {
  method: string;
  url: string;
  headersText: string;
  body: string | PulledBody | null;
  run: BoundRun;
}): Request {
  return requestFromHost(parts);
}

function kindOf(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  return typeof value === 'object' ? 'an object that is none' : `a ${typeof value}`;
}

/**
 * What the guest answered, its body read to the end; at once unless the body is a stream.
 * @param bytesMax largest body; more is `tooLarge`
 * @param form `pieces`: a stream is handed on as it is; `headOnly`: it is told that nobody wants it
 * @throws TypeError when it is no Response, its body was read before, or a chunk is no Uint8Array; whatever the
 *   guest's stream throws
 */
export function readResponse(
  answered: unknown,
  bytesMax: number,
  form: 'whole' | 'pieces' | 'headOnly' = 'whole',
): AnsweredResponse | 'tooLarge' | Promise<AnsweredResponse | 'tooLarge'> {
  if (!isResponse(answered))
    throw new TypeError(`fetch must answer a Response, and has answered ${kindOf(answered)}.`);
  const { status, list, body, type } = responseState(answered);
  if (type === 'error') throw new TypeError('fetch answered a network error (Response.error()).');
  const headers: (readonly [string, string])[] = [];
  for (let index = 0; index < list.length; index += 1) arrayPush(headers, list[index] as [string, string]);
  if (body === null) return { status, headers, body: null };
  if (form !== 'whole' && (body.source.kind === 'stream' || body.source.kind === 'pulled'))
    return { status, headers, body: takeStream(body, form) };
  const finish = (binary: string): AnsweredResponse => ({ status, headers, body: binary });
  try {
    const binary = takeBinary(body, bytesMax);
    return typeof binary === 'string' ? finish(binary) : binary.then(finish, tooLargeOrThrow);
  } catch (error) {
    return tooLargeOrThrow(error);
  }
}

function takeStream(body: Body, form: 'pieces' | 'headOnly'): ReadableStream<unknown> | null {
  if (isUnusable(body)) throw new TypeError('The body of the answer has been read before.');
  const stream = streamOf(body);
  body.isUsed = true;
  if (form === 'pieces') return stream;
  cancelQuietly(stream, new TypeError('A request of method HEAD gets no body.'));
  return null;
}

/** Tells a stream, or its reader, that nobody wants more; what the guest does about that changes nothing. */
export function cancelQuietly(stream: { cancel(reason: unknown): Promise<void> }, reason: unknown): void {
  try {
    void promiseThen(stream.cancel(reason), nothing, nothing);
  } catch {
    // The guest's own stream failed to stop.
  }
}

const nothing = (): undefined => undefined;

/** Bytes of one chunk of a stream as a binary string, empty behind its end; undefined for a chunk that is no Uint8Array. */
export const pieceOf = (chunk: unknown, at: number, bytesMax: number): string | undefined =>
  typedArrayName(chunk) === 'Uint8Array'
    ? binaryFromBytes(bytesSubarray(bytesOf(chunk as Uint8Array), at, at + bytesMax))
    : undefined;

function tooLargeOrThrow(error: unknown): 'tooLarge' {
  if (isBodyTooLarge(error)) return 'tooLarge';
  throw error;
}

/** A request by URL and init, as `fetch` takes them, sent through a carrier of ours. */
export function fetchThrough(carrier: Carrier, url: string, init: unknown): Promise<Response> {
  return carry(new Request(url, init as ConstructorParameters<typeof Request>[1]), carrier);
}
