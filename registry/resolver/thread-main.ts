/** The worker of `resolver-thread.ts`: resolves each task it is sent. */
import { parentPort } from 'node:worker_threads';
import { Refusal } from '../../spec/refusal.ts';
import { resolve } from './resolve.ts';
import type { ThreadAnswer, ThreadTask } from './thread-message.ts';

parentPort?.on('message', (task: ThreadTask) => {
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a rule for windows; threads have no origin
  parentPort?.postMessage(answerTo(task));
});

function answerTo({ problem, stepsMax, wallTimeMsMax }: ThreadTask): ThreadAnswer {
  try {
    return {
      kind: 'resolved',
      resolution: resolve(problem, { stepsMax, wallTimeMsMax, clock: performance }),
    };
  } catch (error) {
    if (error instanceof Refusal) {
      const { code, message: detail, hint, extensions } = error;
      return { kind: 'refused', code, detail, hint, extensions };
    }
    return { kind: 'failed', message: error instanceof Error ? error.message : 'resolver: an unknown fault' };
  }
}
