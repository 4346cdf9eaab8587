/** What a caller gets of a plugin's answer: the headers that a server passes on, and a body that comes as it is made. */
import { GUEST_ANSWER_HEADERS, headersFromGuest } from '../../spec/guest-headers.ts';
import { STREAM_LIMITS } from '../../spec/limits.ts';

type Piece = { readonly kind: 'piece'; readonly bytes: Uint8Array } | { readonly kind: 'ended' };

export type BodyRun = {
  /** Runs what the plugin's stream does as the plugin. */
  readonly within: <Answer>(work: () => Promise<Answer>) => Promise<Answer>;
  /** The answer has been given. */
  readonly end: () => void;
};

/** @returns the answer once it has begun; the run ends with its body */
export async function answered(answer: Response, run: BodyRun): Promise<Response> {
  const { status, statusText, body } = answer;
  const headers = [...headersFromGuest([...answer.headers]), ...GUEST_ANSWER_HEADERS];
  const init = {
    status,
    statusText,
    headers: headers.map(([name, value]): [string, string] => [name, value]),
  };
  if (!body) {
    run.end();
    return new Response(null, init);
  }
  return new Response(await flowing(body, run), init);
}

/** As far as a server lets a plugin be ahead of its caller; whoever has ended by then did not wait for one. */
async function flowing(body: ReadableStream, run: BodyRun): Promise<ReadableStream<Uint8Array>> {
  const reader = body.getReader();
  const next = async (): Promise<Piece> => readPiece(await run.within(() => reader.read()));
  const ahead: Promise<Piece>[] = [];
  for (let count = 0; count <= STREAM_LIMITS.piecesAheadMax; count += 1) {
    const piece = next();
    ahead.push(piece);
    const begun = await Promise.race([piece.catch(() => FAILED), soon()]);
    if (begun === 'late') break;
    if (begun.kind !== 'ended') continue;
    run.end();
    break;
  }
  return new ReadableStream<Uint8Array>(
    {
      pull: async (controller) => {
        try {
          const piece = await (ahead.shift() ?? next());
          if (piece.kind === 'piece') return controller.enqueue(piece.bytes);
          run.end();
          controller.close();
        } catch (error) {
          run.end();
          controller.error(error);
        }
      },
      cancel: async (reason) => {
        await run.within(() => reader.cancel(reason)).finally(run.end);
      },
    },
    { highWaterMark: 0 },
  );
}

const FAILED = { kind: 'ended' } as const;

/** A body that is there is read within a turn of the event loop. */
function soon(): Promise<'late'> {
  return new Promise((resolve) => void setImmediate(() => resolve('late')));
}

function readPiece({ done, value }: { readonly done: boolean; readonly value?: unknown }): Piece {
  if (done) return { kind: 'ended' };
  if (value instanceof Uint8Array) return { kind: 'piece', bytes: value };
  throw new TypeError('a chunk of the body is no Uint8Array; pipe text through a TextEncoderStream');
}
