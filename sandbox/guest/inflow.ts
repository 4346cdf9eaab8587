/** The body of a request that comes in pieces: the guest's end of it. */
import { POST } from './bridge.ts';
import type { GuestRun } from './host.ts';
import { post } from './post.ts';
import { ErrorConstructor, PromiseConstructor } from './primordials.ts';
import type { PulledBody } from './web/index.ts';

/** What a pull is answered with: the index in `PIECE_CODES` of `protocol/kinds.ts`. */
const PIECE = 0;
const ENDED = 1;

export type Inflow = PulledBody & {
  settle(code: number, piece: string): void;
  /** The run has ended before its request was read. */
  revoke(): void;
};

type Waiting = { resolve(piece: string | null): void; reject(error: unknown): void };

/** @param wholeBytesMax largest body that is read whole; as a stream it may be larger */
export function openInflow(run: GuestRun, wholeBytesMax: number): Inflow {
  let waiting: Waiting | undefined;
  const take = (): Waiting | undefined => {
    const taken = waiting;
    waiting = undefined;
    return taken;
  };
  return {
    wholeBytesMax,
    pull: () =>
      new PromiseConstructor((resolve, reject) => {
        const accepted = post(POST.pull, run.id);
        if (typeof accepted !== 'number') throw new ErrorConstructor(String(accepted));
        waiting = { resolve, reject };
      }),
    settle(code, piece) {
      const taken = take();
      if (code === PIECE) taken?.resolve(piece);
      else if (code === ENDED) taken?.resolve(null);
      else taken?.reject(new ErrorConstructor('the body of the request broke off'));
    },
    revoke: () => take()?.reject(new ErrorConstructor('the run has ended')),
  };
}
