import { makeBody, streamOf, type Body } from './body.ts';
import { bytesOf, SafeUint8Array, typedArrayName } from './intrinsics.ts';
import { clonePart, streamPart } from './lazy.ts';
import type { ReadableStream } from './streams.ts';

/** Fetch section 2.2.4, "clone a body": a second one that gives the same, of which each is read for itself. */
export function cloneBody(body: Body): Body {
  if (body.source.kind === 'pulled') streamOf(body);
  if (body.source.kind !== 'stream') return { ...makeBody(body.source), ...abortOf(body) };
  const [mine, theirs] = body.source.stream.tee();
  body.source = { kind: 'stream', stream: mine };
  return makeBody({ kind: 'stream', stream: isByteStream(theirs) ? theirs : withCopies(theirs) });
}

const abortOf = ({ abortedBy }: Body): Partial<Body> => (abortedBy ? { abortedBy } : {});

/** What controls a stream; the polyfill keeps it in this member. Branches of a byte stream share no chunks. */
const isByteStream = (stream: ReadableStream): boolean =>
  (stream as unknown as { _readableStreamController?: unknown })._readableStreamController instanceof
  streamPart.use().ReadableByteStreamController;

/** Streams section 4.9.1, "tee" for a clone: what the second branch gives is its own. */
function withCopies(stream: ReadableStream): ReadableStream {
  const reader = stream.getReader();
  return new (streamPart.use().ReadableStream)<unknown>(
    {
      async pull(controller) {
        const { done, value } = await reader.read();
        if (done) controller.close();
        else controller.enqueue(copyOf(value));
      },
      cancel: (reason) => reader.cancel(reason),
    },
    { highWaterMark: 0 },
  );
}

const copyOf = (chunk: unknown): unknown =>
  typedArrayName(chunk) === 'Uint8Array'
    ? new SafeUint8Array(bytesOf(chunk as Uint8Array))
    : clonePart.use().structuredClone(chunk);
