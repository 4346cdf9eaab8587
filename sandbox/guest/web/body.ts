/**
 * Bodies of requests and responses (Fetch section 5.2 and 5.3).
 *
 * A body stays what it was made from, text or a binary string, until somebody asks for the stream: the usual JSON
 * answer never becomes bytes or a stream inside the isolate.
 */
import type { AbortSignal } from './abort.ts';
import type { Blob } from './blob.ts';
import { binaryFromBytes, bytesFromBinary, encodeToBinary } from './binary.ts';
import type { FormData } from './form-data.ts';
import {
  apply,
  bytesOf,
  defineProperty,
  isBufferSource,
  jsonParse,
  min,
  promiseReject,
  stringSlice,
  charCodeAt,
  toWellFormed,
  typedArrayName,
} from './intrinsics.ts';
import { blobPart, formPart, streamPart, urlPart } from './lazy.ts';
import type { PulledBody } from './pulled-body.ts';
import type { ReadableStream } from './streams.ts';
import { decodeLossily } from './text-encoding.ts';
import type { URLSearchParams } from './url.ts';
import { isObject } from './web-idl.ts';

export type BodyInit =
  | string
  | ArrayBuffer
  | ArrayBufferView
  | Blob
  | FormData
  | URLSearchParams
  | ReadableStream;

type Source =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'binary'; readonly binary: string }
  | { readonly kind: 'pulled'; readonly pulled: PulledBody }
  | { readonly kind: 'stream'; readonly stream: ReadableStream };

/** Read once: `isUsed` is set when the source has been handed out. A stream tells for itself. */
export type Body = {
  source: Source;
  isUsed: boolean;
  /** Of an answer that came whole: once aborted, nobody reads it any more (Fetch section 5.6, "abort a fetch call"). */
  abortedBy?: AbortSignal;
};

type Extracted = { readonly body: Body; readonly type: string | null };

export const makeBody = (source: Source): Body => ({ source, isUsed: false });

export const binaryBody = (binary: string): Body => makeBody({ kind: 'binary', binary });
export const pulledBody = (pulled: PulledBody): Body => makeBody({ kind: 'pulled', pulled });
export const textBody = (text: string): Body => makeBody({ kind: 'text', text });

/** Fetch section 5.2, "extract". Bytes are copied, so that the giver may change his own. */
export function extractBody(init: unknown): Extracted {
  if (typeof init === 'string')
    return { body: textBody(toWellFormed(init)), type: 'text/plain;charset=UTF-8' };
  if (isStream(init)) return { body: streamBody(init), type: null };
  if (isBufferSource(init)) return { body: binaryBody(binaryFromBytes(bytesOf(init))), type: null };
  const ofObject = extractObject(init);
  if (ofObject !== undefined) return ofObject;
  if (isAsyncIterable(init)) return { body: streamBody(streamOfIterable(init)), type: null };
  return { body: textBody(toWellFormed(`${init as string}`)), type: contentTypeOfText(init) };
}

function extractObject(init: unknown): Extracted | undefined {
  const blobs = blobPart.loaded();
  if (blobs?.isBlob(init)) return { body: binaryBody(blobs.blobBinary(init)), type: init.type || null };
  const forms = formPart.loaded();
  if (!forms?.isFormData(init)) return undefined;
  const { binary, type } = forms.encodeMultipart(init);
  return { body: binaryBody(binary), type };
}

const isAsyncIterable = (init: unknown): init is AsyncIterable<unknown> =>
  typeof init === 'object' &&
  init !== null &&
  typeof (init as { [Symbol.asyncIterator]?: unknown })[Symbol.asyncIterator] === 'function';

/** Beyond the standard, as other servers have it: generators, and streams of another making, are bodies too. */
function streamOfIterable(chunks: AsyncIterable<unknown>): ReadableStream {
  return streamPart.use().ReadableStream.from(toBytes(chunks));
}

async function* toBytes(chunks: AsyncIterable<unknown>): AsyncGenerator<unknown> {
  for await (const chunk of chunks)
    yield typeof chunk === 'string' ? bytesFromBinary(encodeToBinary(toWellFormed(chunk))) : chunk;
}

function contentTypeOfText(init: unknown): string {
  const urls = urlPart.loaded();
  return urls && init instanceof urls.URLSearchParams
    ? 'application/x-www-form-urlencoded;charset=UTF-8'
    : 'text/plain;charset=UTF-8';
}

function streamBody(stream: ReadableStream): Body {
  if (isDisturbed(stream) || stream.locked)
    throw new TypeError('The stream of the body has been read or is locked.');
  return makeBody({ kind: 'stream', stream });
}

function isStream(value: unknown): value is ReadableStream {
  const streams = streamPart.loaded();
  return streams !== undefined && value instanceof streams.ReadableStream;
}

/** Streams section 4.9.3, "is disturbed": the polyfill keeps it in this member. */
const isDisturbed = (stream: ReadableStream): boolean =>
  (stream as unknown as { _disturbed?: boolean })._disturbed === true;

/** Fetch section 5.3, "unusable". */
export function isUnusable(body: Body | null): boolean {
  if (body === null) return false;
  const { source } = body;
  return body.isUsed || (source.kind === 'stream' && (isDisturbed(source.stream) || source.stream.locked));
}

function isBodyUsed(body: Body | null): boolean {
  if (body === null) return false;
  return body.isUsed || (body.source.kind === 'stream' && isDisturbed(body.source.stream));
}

/** The stream of a body, made at the first call. */
export function streamOf(body: Body): ReadableStream {
  if (body.source.kind === 'stream') return body.source.stream;
  const stream = body.abortedBy?.aborted
    ? brokenStream(body.abortedBy.reason)
    : body.source.kind === 'pulled'
      ? streamOfPulled(pullOf(body.source.pulled), dropOf(body.source.pulled))
      : blobPart.use().streamOfBinary(wholeBinary(body.source));
  // A body that was read before its stream was asked for shows the stream that its reader has used up, and holds.
  if (body.isUsed) void stream.getReader().cancel();
  body.source = { kind: 'stream', stream };
  return stream;
}

const brokenStream = (reason: unknown): ReadableStream =>
  new (streamPart.use().ReadableStream)({ start: (controller) => controller.error(reason) });

const pullOf =
  (pulled: PulledBody): (() => Promise<string | null>) =>
  () =>
    pulled.pull();

const dropOf =
  (pulled: PulledBody): (() => void) =>
  () =>
    pulled.drop();

/**
 * Asks for a piece, as a binary string, when its reader wants one, and holds none; null is the end.
 * @param drop told when the reader wants no more
 */
export function streamOfPulled(
  pull: () => Promise<string | null>,
  drop: () => void = nothing,
): ReadableStream<Uint8Array> {
  const { ReadableStream: Stream } = streamPart.use();
  return new Stream<Uint8Array>(
    {
      type: 'bytes',
      async pull(controller) {
        const binary = await pull();
        if (binary !== null) return controller.enqueue(bytesFromBinary(binary));
        controller.close();
        // A reader that brought its own buffer is answered with no bytes (Streams section 4.7.3).
        controller.byobRequest?.respond(0);
      },
      cancel: drop,
    },
    { highWaterMark: 0 },
  );
}

const nothing = (): void => undefined;

function wholeBinary(source: Extract<Source, { kind: 'text' | 'binary' }>): string {
  return source.kind === 'text' ? encodeToBinary(source.text) : source.binary;
}

let hasMark: (value: object, mark: 'body' | 'request') => boolean;

/**
 * What bodies of our own making throw, told by a private mark: `instanceof` asks a guest's proxy for its prototype and
 * a guest's `TypeError[Symbol.hasInstance]` for its opinion.
 */
class TooLarge extends TypeError {
  static {
    hasMark = (value, mark) => #mark in value && value.#mark === mark;
  }
  readonly #mark: 'body' | 'request';
  constructor(mark: 'body' | 'request', message: string) {
    super(message);
    this.#mark = mark;
  }
}

/** Whether a stream gave more than its reader takes. */
export const isBodyTooLarge = (thrown: unknown): boolean => isObject(thrown) && hasMark(thrown, 'body');

/** Whether a request that comes in pieces was read whole, and is too large for that. */
export const isRequestTooLarge = (thrown: unknown): boolean => isObject(thrown) && hasMark(thrown, 'request');

/**
 * All bytes of a body, at once where there is no stream to wait for. Uses the body up.
 * @throws TypeError when it was used before, or for which `isBodyTooLarge` holds, above `bytesMax`
 */
export function takeBinary(body: Body, bytesMax: number): string | Promise<string> {
  if (isUnusable(body)) throw new TypeError('Body is unusable: it has already been read.');
  body.abortedBy?.throwIfAborted();
  body.isUsed = true;
  if (body.source.kind === 'stream') return readAll(body.source.stream, bytesMax);
  if (body.source.kind === 'pulled') return pullAll(body.source.pulled, bytesMax);
  return withinCap(wholeBinary(body.source), bytesMax);
}

function withinCap(binary: string, bytesMax: number): string {
  if (binary.length > bytesMax) throw new TooLarge('body', `The body is larger than ${bytesMax} bytes.`);
  return binary;
}

async function readAll(stream: ReadableStream, bytesMax: number): Promise<string> {
  const reader = stream.getReader();
  let binary = '';
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return binary;
    if (typedArrayName(value) !== 'Uint8Array')
      throw await refuse(reader, new TypeError('A chunk of the body is not a Uint8Array.'));
    binary += binaryFromBytes(value as Uint8Array);
    if (binary.length > bytesMax)
      throw await refuse(reader, new TooLarge('body', `The body is larger than ${bytesMax} bytes.`));
  }
}

async function pullAll(pulled: PulledBody, bytesMax: number): Promise<string> {
  let binary = '';
  for (;;) {
    const piece = await pulled.pull();
    if (piece === null) return binary;
    binary += piece;
    if (binary.length <= min(pulled.wholeBytesMax, bytesMax)) continue;
    pulled.drop();
    if (binary.length > bytesMax) throw new TooLarge('body', `The body is larger than ${bytesMax} bytes.`);
    throw tooLargeToReadWhole(pulled);
  }
}

function tooLargeToReadWhole({ of, wholeBytesMax }: PulledBody): TypeError {
  const advice = `is larger than ${wholeBytesMax} bytes: read it in pieces, from ${of === 'request' ? 'request' : 'response'}.body.`;
  if (of === 'request') return new TooLarge('request', `The body of the request ${advice}`);
  const error = new TypeError(`The body of the answer ${advice}`);
  defineProperty(error, 'code', {
    __proto__: null,
    value: 'egress_response_too_large',
    configurable: true,
    writable: true,
  } as PropertyDescriptor);
  return error;
}

/** Tells the source to stop; what it answers to that changes nothing. */
async function refuse(
  reader: { cancel(reason: unknown): Promise<void> },
  error: TypeError,
): Promise<TypeError> {
  void reader.cancel(error).catch(() => undefined);
  return error;
}

/** A body as text, at once where possible, without the detour over bytes when it was text. */
function takeText(body: Body): string | Promise<string> {
  if (body.source.kind === 'text' && !body.isUsed) {
    body.abortedBy?.throwIfAborted();
    body.isUsed = true;
    return withoutMark(body.source.text);
  }
  const binary = takeBinary(body, Infinity);
  return typeof binary === 'string' ? decodeLossily(binary) : binary.then(decodeLossily);
}

const withoutMark = (text: string): string => (charCodeAt(text, 0) === 0xfeff ? stringSlice(text, 1) : text);

/** What the mixin must know of its object; throws a TypeError for an object that is not its own. */
export type BodyHolder = { readonly body: Body | null; contentType(): string | null };

const readers: Readonly<Record<string, (holder: BodyHolder) => Promise<unknown>>> = {
  arrayBuffer: async ({ body }) => bytesFromBinary(await binaryOrEmpty(body)).buffer,
  blob: async ({ body, contentType }) =>
    blobPart.use().blobOfBody(await binaryOrEmpty(body), contentType() ?? ''),
  bytes: async ({ body }) => bytesFromBinary(await binaryOrEmpty(body)),
  formData: async ({ body, contentType }) =>
    formPart.use().decodeForm(await binaryOrEmpty(body), contentType() ?? ''),
  json: async ({ body }) => jsonParse(body === null ? '' : await takeText(body)) as unknown,
  text: async ({ body }) => (body === null ? '' : takeText(body)),
};

const binaryOrEmpty = (body: Body | null): string | Promise<string> =>
  body === null ? '' : takeBinary(body, Infinity);

/** Puts the members of the Body mixin on a class. */
export function mixInBody(prototype: object, holderOf: (self: object) => BodyHolder): void {
  const getter = (name: string, get: (this: object) => unknown): void => {
    defineProperty(prototype, name, { get, enumerable: true, configurable: true });
  };
  getter('body', function body() {
    const { body: held } = holderOf(this);
    return held === null ? null : streamOf(held);
  });
  getter('bodyUsed', function bodyUsed() {
    return isBodyUsed(holderOf(this).body);
  });
  for (const [name, read] of Object.entries(readers)) defineReader(prototype, name, read, holderOf);
}

function defineReader(
  prototype: object,
  name: string,
  read: (holder: BodyHolder) => Promise<unknown>,
  holderOf: (self: object) => BodyHolder,
): void {
  // A method, so that it cannot be constructed; a wrong receiver rejects and does not throw (Web IDL section 3.7.7).
  const method = {
    [name](this: object): Promise<unknown> {
      try {
        return apply(read, undefined, [holderOf(this)]) as Promise<unknown>;
      } catch (error) {
        return promiseReject(error);
      }
    },
  }[name];
  defineProperty(prototype, name, { value: method, writable: true, enumerable: true, configurable: true });
}
