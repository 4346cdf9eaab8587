/**
 * The body of an answer on its way from a runner to the caller, in pieces.
 *
 * The runner may be `piecesAheadMax` pieces ahead; each piece that the caller takes allows one more. So the server holds
 * no more of an answer than that, however fast the guest and however slow the caller.
 */
import { STREAM_LIMITS } from '../../spec/limits.ts';
import { Fault } from '../../spec/refusal.ts';
import type { ByteSource } from '../ports.ts';

export type Outflow = {
  readonly source: ByteSource;
  /** All that came so far. */
  readonly bytes: number;
  /** @throws Fault when our runner would not have sent it: it is empty, too large, or was not asked for */
  take(piece: Buffer): void;
  /** What has come before is still handed on after `ended`, and is not after `broken`. */
  close(end: 'ended' | 'broken'): void;
};

type Taken = Uint8Array | 'ended' | 'broken';

/** @param onTaken called for each piece that the caller has taken */
export function createOutflow(onTaken: () => void): Outflow {
  const held: Uint8Array[] = [];
  let reader: ((taken: Taken) => void) | undefined;
  let end: 'ended' | 'broken' | undefined;
  let bytes = 0;

  const next = (): Taken | undefined => {
    const piece = end === 'broken' ? undefined : held.shift();
    if (piece && !end) onTaken();
    return piece ?? end;
  };
  const serve = (): void => {
    const taken = reader && next();
    if (taken === undefined) return;
    const resolve = reader;
    reader = undefined;
    resolve?.(taken);
  };
  return {
    source: {
      read: () =>
        new Promise((resolve) => {
          reader = resolve;
          serve();
        }),
    },
    get bytes() {
      return bytes;
    },
    take(piece) {
      if (piece.byteLength === 0 || piece.byteLength > STREAM_LIMITS.pieceBytesMax)
        throw new Fault('a piece of an answer is empty or too large');
      if (held.length >= STREAM_LIMITS.piecesAheadMax)
        throw new Fault('more pieces of an answer than were asked for');
      bytes += piece.byteLength;
      held.push(piece);
      serve();
    },
    close(how) {
      end ??= how;
      serve();
    },
  };
}
