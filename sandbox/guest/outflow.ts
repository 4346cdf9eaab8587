/** The body of an answer that goes out in pieces: read from the guest's stream when the caller is ready for more. */
import { POST } from './bridge.ts';
import { post } from './post.ts';
import { ErrorConstructor, PromiseConstructor, TypeErrorConstructor } from './primordials.ts';
import { cancelQuietly, pieceOf, type ReadableStream } from './web/index.ts';

export type Outflow = {
  /** How many pieces may be sent now. */
  piecesMax: number;
  /** Who waits for more. */
  wake: (() => void) | undefined;
  /** The run has ended before its answer has. */
  revoke(): void;
};

/** A run whose answer has a body. */
type AnsweringRun = { readonly id: number; readonly live: boolean; outflow: Outflow | undefined };

type Reader = {
  read(): Promise<{ readonly done: boolean; readonly value?: unknown }>;
  cancel(reason: unknown): Promise<void>;
};

/**
 * Sends the head and then all of the stream.
 * @throws whatever the guest's stream throws; TypeError for a chunk that is no Uint8Array
 */
export async function pourOut(
  run: AnsweringRun,
  head: string,
  stream: ReadableStream<unknown>,
  pieceBytesMax: number,
): Promise<void> {
  const reader: Reader = stream.getReader();
  const flow: Outflow = {
    piecesMax: accept(post(POST.answerHead, run.id, head)),
    wake: undefined,
    revoke: () => cancelQuietly(reader, new ErrorConstructor('the caller went away')),
  };
  run.outflow = flow;
  try {
    while (run.live && (await sendChunk(run, reader, flow, pieceBytesMax)));
    run.outflow = undefined;
  } catch (error) {
    cancelQuietly(reader, error);
    throw error;
  }
}

/** @returns whether there may be more */
async function sendChunk(
  run: AnsweringRun,
  reader: Reader,
  flow: Outflow,
  pieceBytesMax: number,
): Promise<boolean> {
  await untilWanted(flow);
  const { done, value } = await reader.read();
  if (done) return false;
  // Cut before it is made into text: a large chunk would take as much again.
  for (let at = 0; ; at += pieceBytesMax) {
    const piece = pieceOf(value, at, pieceBytesMax);
    if (piece === undefined) throw new TypeErrorConstructor('A chunk of the body is not a Uint8Array.');
    if (piece === '') return true;
    if (at > 0) await untilWanted(flow);
    if (!run.live) return false;
    flow.piecesMax = accept(post(POST.answerPiece, run.id, piece));
  }
}

function untilWanted(flow: Outflow): Promise<void> | undefined {
  if (flow.piecesMax > 0) return undefined;
  return new PromiseConstructor<void>((resolve) => {
    flow.wake = resolve;
  });
}

/** The caller has taken pieces: so many may be sent now. */
export function allowMore(run: AnsweringRun | undefined, piecesMax: number): void {
  const flow = run?.outflow;
  if (!flow) return;
  flow.piecesMax = piecesMax;
  const { wake } = flow;
  flow.wake = undefined;
  wake?.();
}

function accept(answer: string | number | undefined): number {
  if (typeof answer === 'number') return answer;
  throw new ErrorConstructor(String(answer));
}
