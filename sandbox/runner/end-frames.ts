/** What the supervisor is told of ends: of a run, and of an isolate whose package cannot run. */
import { OUTCOMES } from '../../spec/outcome.ts';
import type { FrameParts } from '../protocol/frame.ts';
import { FROM_RUNNER } from '../protocol/kinds.ts';
import type { Answer, Failure, Run } from './state.ts';

const EMPTY = Buffer.alloc(0);
const OK = OUTCOMES.indexOf('ok');

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

export function loadFailedFrame(isolate: number, failure: Failure): FrameParts {
  return {
    kind: FROM_RUNNER.loadFailed,
    code: OUTCOMES.indexOf(failure.outcome),
    ref: isolate,
    head: JSON.stringify(failure.head),
  };
}
