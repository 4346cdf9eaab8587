/** Resolving off the event loop, in a worker thread that can be stopped. */
import { Worker } from 'node:worker_threads';
import { Fault, Refusal } from '../../spec/refusal.ts';
import { FairQueue } from '../../spec/fair-queue.ts';
import { exceeded } from './budget.ts';
import type { ResolutionProblem } from './problem.ts';
import type { Resolution } from './resolution.ts';
import type { ThreadAnswer, ThreadTask } from './thread-message.ts';

/** What one resolution may cost. */
export type ThreadBudget = {
  /** Until its turn, from which the wall time counts. */
  readonly waitMsMax: number;
  readonly stepsMax: number;
  readonly wallTimeMsMax: number;
  readonly signal?: AbortSignal;
};

/** The worker stops by itself at its deadline; one that has not after this long is stuck and is stopped. */
const STOP_GRACE_MS = 250;
/** Heap of the worker: the dead ends that need most steps take 220 MiB. */
const HEAP_MIB_MAX = 512;
/** Resolutions that wait, of one owner and of all, beyond which further ones are refused. */
const WAITING_OF_ONE_MAX = 32;
const WAITING_MAX = 128;

type Job = {
  readonly problem: ResolutionProblem;
  readonly budget: ThreadBudget;
  readonly sinceMs: number;
  readonly settle: PromiseWithResolvers<Resolution>;
};

/** One thread that resolves one problem after the other. Started with the first problem; `close` it in the end. */
export class ResolverThread {
  #worker: Worker | undefined;
  readonly #queue = new FairQueue<Job>();
  #isBusy = false;

  /**
   * As `resolve`, without blocking the caller's thread.
   * @param owner for whom, such as an organization: owners take turns, for one problem may take all of its wall time
   * @throws Refusal as `resolve`; `resolution_budget_exceeded` too where the thread has too much to do
   */
  async resolve(problem: ResolutionProblem, budget: ThreadBudget, owner: string): Promise<Resolution> {
    if (this.#queue.count(owner) >= WAITING_OF_ONE_MAX)
      throw exceeded(`${WAITING_OF_ONE_MAX} resolutions in waiting for one organization`);
    if (this.#queue.count() >= WAITING_MAX) throw exceeded(`${WAITING_MAX} resolutions in waiting`);
    const settle = Promise.withResolvers<Resolution>();
    this.#queue.add(owner, { problem, budget, sinceMs: performance.now(), settle });
    if (!this.#isBusy) void this.#work();
    return settle.promise;
  }

  async #work(): Promise<void> {
    this.#isBusy = true;
    for (let job = this.#queue.take(); job !== undefined; job = this.#queue.take())
      await this.#run(job).then(job.settle.resolve, job.settle.reject);
    this.#isBusy = false;
  }

  /** Ends the thread; the resolutions under way and in waiting are canceled. */
  async close(): Promise<void> {
    for (let job = this.#queue.take(); job !== undefined; job = this.#queue.take())
      job.settle.reject(canceled());
    await this.#stop();
  }

  async #stop(): Promise<void> {
    const worker = this.#worker;
    this.#worker = undefined;
    await worker?.terminate();
  }

  #start(): Worker {
    const worker = new Worker(new URL('./thread-main.ts', import.meta.url), {
      name: 'souk-resolver',
      resourceLimits: { maxOldGenerationSizeMb: HEAP_MIB_MAX },
      env: {},
    });
    // One that died while idle must not be given the next task.
    worker.once('exit', () => {
      if (this.#worker === worker) this.#worker = undefined;
    });
    return worker;
  }

  async #run({ problem, budget, sinceMs }: Job): Promise<Resolution> {
    const { stepsMax, waitMsMax, wallTimeMsMax, signal } = budget;
    if (signal?.aborted === true) throw canceled();
    if (performance.now() - sinceMs > waitMsMax) throw exceeded(`${waitMsMax} ms in waiting`);
    // Written so that a budget of NaN is used up at once.
    if (!(wallTimeMsMax > 0)) throw exceeded(`${wallTimeMsMax} ms`);
    const task: ThreadTask = { problem, stepsMax, wallTimeMsMax };
    const worker = (this.#worker ??= this.#start());
    worker.ref();
    try {
      return resolutionOf(await answerOf(worker, task, budget));
    } catch (error) {
      // A refusal that the worker sent leaves it usable; whatever else ended the wait may have left it busy.
      if (!(error instanceof RemoteRefusal)) await this.#stop();
      throw error instanceof RemoteRefusal ? error.refusal : error;
    } finally {
      worker.unref();
    }
  }
}

/** Marks what the worker itself answered. Never leaves this file. */
class RemoteRefusal extends Fault {
  readonly refusal: Refusal;

  constructor(refusal: Refusal) {
    super(refusal.message);
    this.refusal = refusal;
  }
}

/** Settles with the first of: an answer, the death of the worker, the deadline, the caller's signal. */
async function answerOf(worker: Worker, task: ThreadTask, { signal }: ThreadBudget): Promise<ThreadAnswer> {
  const { promise, resolve: settle, reject } = Promise.withResolvers<ThreadAnswer>();
  const onExit = () => reject(canceled());
  const onError = (error: Error) => reject(deathOf(error));
  const onAbort = () => reject(canceled());
  const timer = setTimeout(
    () => reject(exceeded(`${Math.round(task.wallTimeMsMax)} ms`)),
    task.wallTimeMsMax + STOP_GRACE_MS,
  );
  worker.once('message', settle).once('error', onError).once('exit', onExit);
  signal?.addEventListener('abort', onAbort, { once: true });
  try {
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a rule for windows; threads have no origin
    worker.postMessage(task);
    return await promise;
  } finally {
    clearTimeout(timer);
    worker.off('message', settle).off('error', onError).off('exit', onExit);
    signal?.removeEventListener('abort', onAbort);
  }
}

function deathOf(error: Error & { code?: string }): Error {
  if (error.code === 'ERR_WORKER_OUT_OF_MEMORY') return exceeded(`${HEAP_MIB_MAX} MiB of memory`);
  return new Fault('resolver: the thread died', { cause: error });
}

function resolutionOf(answer: ThreadAnswer): Resolution {
  switch (answer.kind) {
    case 'resolved':
      return answer.resolution;
    case 'refused': {
      const { code, detail, hint, extensions } = answer;
      throw new RemoteRefusal(new Refusal(code, { detail, hint, extensions }));
    }
    case 'failed':
      throw new Fault(answer.message);
  }
}

function canceled(): Refusal {
  return new Refusal('resolution_canceled', { detail: 'The resolution was canceled.' });
}
