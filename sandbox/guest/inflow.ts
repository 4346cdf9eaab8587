/** Bodies that come in pieces, of the request and of answers of host calls: the guest's end of them. */
import { POST } from './bridge.ts';
import { errorFromHost } from './errors.ts';
import { post } from './post.ts';
import {
  ErrorConstructor,
  MapConstructor,
  mapDelete,
  mapForEach,
  mapGet,
  mapSet,
  PromiseConstructor,
} from './primordials.ts';
import type { PulledBody } from './web/index.ts';

/** What a pull is answered with: the index in `PIECE_CODES` of `protocol/kinds.ts`. */
const PIECE = 0;
const ENDED = 1;

export type Inflow = PulledBody & {
  settle(code: number, piece: string): void;
  /** What waits for a piece gets the error, and so does who asks for another. */
  fail(error: unknown): void;
};

type Waiting = { resolve(piece: string | null): void; reject(error: unknown): void };
type Failed = { readonly error: unknown };

/**
 * @param call of whose answer this is the body, 0 for the request
 * @param wholeBytesMax largest body that is read whole; as a stream it may be larger
 */
function openInflow(
  run: number,
  call: number,
  { of, wholeBytesMax }: Pick<PulledBody, 'of' | 'wholeBytesMax'>,
): Inflow {
  let waiting: Waiting | undefined;
  let failed: Failed | undefined;
  const take = (): Waiting | undefined => {
    const taken = waiting;
    waiting = undefined;
    return taken;
  };
  return {
    of,
    wholeBytesMax,
    pull: () =>
      new PromiseConstructor((resolve, reject) => {
        if (failed) return reject(failed.error);
        const accepted = post(POST.pull, run, call);
        if (typeof accepted !== 'number') throw new ErrorConstructor(String(accepted));
        waiting = { resolve, reject };
      }),
    drop: () => {
      if (call === 0) return;
      mapDelete(answers, call);
      post(POST.drop, run, call);
    },
    settle(code, piece) {
      const taken = take();
      if (code === PIECE) taken?.resolve(piece);
      else if (code === ENDED) taken?.resolve(null);
      else taken?.reject(piece === '' ? brokeOff() : errorFromHost(piece));
    },
    fail(error) {
      failed ??= { error };
      take()?.reject(failed.error);
    },
  };
}

const brokeOff = (): Error => new ErrorConstructor('the body of the request broke off');
const runEnded = (): Error => new ErrorConstructor('the run has ended');

export const openRequest = (run: number, wholeBytesMax: number): Inflow =>
  openInflow(run, 0, { of: 'request', wholeBytesMax });

type OpenAnswer = { readonly run: number; readonly inflow: Inflow };

/** Bodies of answers that have not ended, by the number of the call. */
const answers = new MapConstructor<number, OpenAnswer>();
/** How many there may be: most runs have none, and then there is nothing to look through. */
let openedAnswers = 0;

export function openAnswer(run: number, call: number, wholeBytesMax: number): Inflow {
  const inflow = openInflow(run, call, { of: 'answer', wholeBytesMax });
  mapSet(answers, call, { run, inflow });
  openedAnswers += 1;
  return inflow;
}

export function settleAnswer(call: number, code: number, piece: string): void {
  const open = mapGet(answers, call);
  if (code !== PIECE) mapDelete(answers, call);
  open?.inflow.settle(code, piece);
}

/** The run has ended before it has read them. */
export function closeAnswers(run: number): void {
  if (openedAnswers === 0) return;
  let left = 0;
  mapForEach(answers, (open, call) => {
    if (open.run !== run) left += 1;
    else {
      mapDelete(answers, call);
      open.inflow.fail(runEnded());
    }
  });
  openedAnswers = left;
}

/** As for the bodies of answers, for the request. */
export function closeRequest(inflow: Inflow | undefined): void {
  inflow?.fail(runEnded());
}
