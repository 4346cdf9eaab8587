/** Bodies in pieces, between a runner's guests and their callers: the request on its way in, the answer on its way out. */
import { STREAM_LIMITS } from '../../spec/limits.ts';
import { Fault } from '../../spec/refusal.ts';
import type { Frame, FrameParts } from '../protocol/frame.ts';
import { PIECE_CODES, TO_RUNNER } from '../protocol/kinds.ts';
import { readAnswerHead } from './answer.ts';
import { createOutflow, type Outflow } from './outflow.ts';
import { awaitAnswer, keepAlive, usageOf, type Failure, type Run } from './run.ts';
import type { RunnerUsage } from './runner-usage.ts';
import type { RunsInFlight } from './runs-in-flight.ts';

export type BodyStreamParts = {
  readonly runs: RunsInFlight;
  readonly usage: RunnerUsage;
  readonly send: (parts: FrameParts) => void;
  /** Ends a run without the runner. */
  readonly abandon: (run: Run, failure: Failure) => void;
};

/** Each method throws a Fault when the frame is not one that our runner would send. */
export class BodyStreams {
  readonly #parts: BodyStreamParts;

  constructor(parts: BodyStreamParts) {
    this.#parts = parts;
  }

  receiveAnswerHead(frame: Frame): void {
    const { runs, abandon } = this.#parts;
    const run = runs.find(frame, 'the beginning of an answer of')?.run;
    if (!run) return;
    if (run.outflow || run.invocation.answer !== 'pieces')
      throw new Fault('an answer in pieces for a run that takes none');
    const answer = readAnswerHead(frame);
    if (answer.outcome !== 'ok') return abandon(run, answer);
    const outflow = this.#openOutflow(run);
    const response = { ...answer.response, body: outflow.source };
    const refusal = run.begin({ ...answer, response, usage: usageOf(run, 0) });
    if (refusal) return abandon(run, refusal);
    run.outflow = outflow;
    keepAlive(run);
  }

  #openOutflow(run: Run): Outflow {
    const { runs, send } = this.#parts;
    return createOutflow(() => {
      if (!runs.has(run.id)) return;
      keepAlive(run);
      send({ kind: TO_RUNNER.more, run: run.id, amount: 1 });
    });
  }

  receiveAnswerPiece(frame: Frame): void {
    const { runs, usage } = this.#parts;
    const run = runs.find(frame, 'a piece of an answer of')?.run;
    if (!run) return;
    if (!run.outflow) throw new Fault('a piece of an answer that has not begun');
    run.outflow.take(frame.body);
    keepAlive(run);
    run.residentBytesAtStart = usage.recentResidentBytes();
    run.ownBytes = 0;
    // The runner enforces the limit first; more than it allows means that the runner is no longer ours.
    if (run.outflow.bytes > STREAM_LIMITS.responseBytesMax)
      throw new Fault('an answer that is larger than it may be');
  }

  receivePull(frame: Frame): void {
    const { runs, send } = this.#parts;
    const run = runs.find(frame, 'a wish for the request of')?.run;
    if (!run) return;
    const { inflow } = run;
    if (!inflow || inflow.isAsked)
      throw new Fault('a piece of a request was asked for that cannot be had now');
    inflow.isAsked = true;
    keepAlive(run);
    void inflow.source.read().then((piece) => {
      if (!runs.has(run.id)) return;
      // After the last piece nothing more may be asked for.
      inflow.isAsked = typeof piece === 'string';
      awaitAnswer(run);
      const code = PIECE_CODES.indexOf(typeof piece === 'string' ? piece : 'piece');
      const body = typeof piece === 'string' ? {} : { body: piece };
      send({ kind: TO_RUNNER.piece, run: run.id, code, ...body });
    });
  }
}
