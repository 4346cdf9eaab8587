/** What the supervisor is told of ends: of a run, and of an isolate whose package cannot run. */
import { OUTCOMES } from '../../spec/outcome.ts';
import type { FrameParts } from '../protocol/frame.ts';
import { FROM_RUNNER } from '../protocol/kinds.ts';
import type { Answer, Failure, Run } from './state.ts';

const EMPTY = Buffer.alloc(0);
const OK = OUTCOMES.indexOf('ok');
const CANCELED = OUTCOMES.indexOf('canceled');

export function runEndFrame(run: Run, answer: Answer): FrameParts {
  if (answer.outcome !== 'ok') return runFailedFrame(run, answer);
  const isBegun = typeof run.outflow === 'object';
  return {
    kind: FROM_RUNNER.done,
    code: OK,
    run: run.id,
    ref: run.hostCalls,
    amount: Math.round(run.cpuUs),
    head: (answer.body === undefined ? '-' : '+') + answer.headText,
    body: answer.body === undefined || isBegun ? EMPTY : Buffer.from(answer.body, 'latin1'),
  };
}

function runFailedFrame(run: Run, failure: Failure): FrameParts {
  return {
    kind: FROM_RUNNER.done,
    code: OUTCOMES.indexOf(failure.outcome),
    run: run.id,
    ref: run.hostCalls,
    amount: Math.round(run.cpuUs),
    head: JSON.stringify(failure.head),
  };
}

/** Of a run that was canceled before its turn came. */
export function neverBegunFrame(run: number): FrameParts {
  const head = JSON.stringify({ reason: 'canceled before it began' });
  return { kind: FROM_RUNNER.done, code: CANCELED, run, head };
}

/** @param cpuUs that loading took */
export function loadFailedFrame(isolate: number, failure: Failure, cpuUs: number): FrameParts {
  return {
    kind: FROM_RUNNER.loadFailed,
    code: OUTCOMES.indexOf(failure.outcome),
    ref: isolate,
    amount: Math.round(cpuUs),
    head: JSON.stringify(failure.head),
  };
}
