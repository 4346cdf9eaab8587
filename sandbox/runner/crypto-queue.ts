/**
 * Where the cryptographic operations of one isolate wait for their turn.
 *
 * They run on the threads that all isolates of a runner share, outside of every entry. So that a plugin cannot use more
 * processor time by them than its runs may have, one operation runs at a time, begins only while a run is in flight to
 * pay for it, and is charged to that run. What was asked for while the package loaded waits for its first run; an
 * answer that came when nobody could pay any more waits for the next.
 */
import { CRYPTO_LIMITS } from '../../spec/limits.ts';
import { oldestRun, type Home, type Run } from './state.ts';
import { performCrypto } from './web-crypto.ts';

/** `run`: the one that asked, 0 for none. */
export type CryptoJob = {
  readonly call: number;
  readonly operation: string;
  readonly json: string;
  readonly run: number;
};

export type CryptoQueueParts = {
  readonly home: Home;
  /** Charges a run, and ends it where that exceeds its budget. */
  readonly charge: (run: Run, cpuUs: number) => void;
  /** Brings an answer into the isolate, on behalf of `run`. */
  readonly deliver: (run: Run, call: number, text: string) => void;
};

type Result = { readonly job: CryptoJob; readonly text: string; cpuUs: number };

/** Operations in progress in this process, on the threads that all isolates share. */
let inProgress = 0;

export class CryptoQueue {
  readonly #parts: CryptoQueueParts;
  readonly #waiting: CryptoJob[] = [];
  readonly #results: Result[] = [];
  #present: CryptoJob | undefined;

  constructor(parts: CryptoQueueParts) {
    this.#parts = parts;
  }

  /** @returns 1, or why the operation is refused */
  add(job: CryptoJob): string | number {
    const jobs = this.#pending();
    const { runPendingMax, pendingMax, pendingCharsMax } = CRYPTO_LIMITS;
    if (job.json.length > pendingCharsMax) return 'the data is too large for one cryptographic operation';
    if (jobs.filter(({ run }) => run === job.run).length >= runPendingMax)
      return `a run may wait for ${runPendingMax} cryptographic operations at once`;
    const chars = jobs.reduce((sum, { json }) => sum + json.length, job.json.length);
    if (jobs.length >= pendingMax || chars > pendingCharsMax)
      return 'too many cryptographic operations are waiting';
    this.#waiting.push(job);
    // Not at once: the guest is in the middle of the entry that asks.
    setImmediate(() => this.work());
    return 1;
  }

  /** Hands over what is done and begins what is next, as far as there is a run to pay for it. */
  work(): void {
    this.#handOver();
    const [next] = this.#waiting;
    if (this.#present || !next || !this.#payerOf(next)) return;
    this.#present = this.#waiting.shift();
    void perform(next).then((result) => {
      this.#present = undefined;
      this.#results.push(result);
      this.work();
    });
  }

  #pending(): CryptoJob[] {
    const present = this.#present ? [this.#present] : [];
    return [...this.#waiting, ...present, ...this.#results.map(({ job }) => job)];
  }

  /** The run that asked, or the oldest one in flight: its code may wait for what an earlier one began. */
  #payerOf({ run }: CryptoJob): Run | undefined {
    const { home } = this.#parts;
    return home.runs.get(run) ?? oldestRun(home);
  }

  #handOver(): void {
    const { home, charge, deliver } = this.#parts;
    for (let [result] = this.#results; result; [result] = this.#results) {
      const payer = this.#payerOf(result.job);
      if (!payer) return;
      charge(payer, result.cpuUs);
      result.cpuUs = 0;
      // Who could not afford it has ended; the answer goes to whoever is left.
      if (!home.runs.has(payer.id)) continue;
      this.#results.shift();
      deliver(payer, result.job.call, result.text);
    }
  }
}

/** Does it, and measures what it costs: the part on this thread by the clock, the rest by what other threads used. */
async function perform(job: CryptoJob): Promise<Result> {
  const before = otherThreadsUs();
  const startedMs = performance.now();
  inProgress += 1;
  const performed = performCrypto(job.operation, job.json);
  const onThisThreadUs = (performance.now() - startedMs) * 1_000;
  const text = await performed;
  const onOthersUs = (otherThreadsUs() - before) / inProgress;
  inProgress -= 1;
  const tookUs = (performance.now() - startedMs) * 1_000;
  return { job, text, cpuUs: Math.min(tookUs, onThisThreadUs + Math.max(0, onOthersUs)) };
}

function otherThreadsUs(): number {
  const all = process.cpuUsage();
  const own = process.threadCpuUsage();
  return all.user + all.system - own.user - own.system;
}
