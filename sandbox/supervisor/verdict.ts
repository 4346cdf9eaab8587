/**
 * Who is to blame for a runner that ended, and what each of its runs is answered with.
 *
 * Where we killed it, the watchdog knew. Where it died by itself, the mark names the isolate that it was in. Where it
 * was killed by somebody else (an operator, the kernel), nobody is blamed, and every suspect goes on alone.
 */
import type { Failure, Run } from './run.ts';
import type { RunnerEnd } from './runner-end.ts';

export type Verdict = {
  /** The isolate whose installation is blamed; 0 for nobody. */
  readonly isolate: number;
  readonly reason: string;
  /** @param isolate the isolate that the run was in */
  failureOf(run: Run, isolate: number): Failure;
};

/** What V8 writes before it gives up for want of memory or for a size that no memory could satisfy. */
const MEMORY_WORDS = /out of memory|invalid size|invalid array length|allocation failed|heap limit/iu;

export function judge(end: RunnerEnd): Verdict {
  const { killReason, mark } = end;
  if (killReason) return blame(killReason.isolate, killReason.run, killReason);
  if (end.signal === 'SIGKILL' || !mark) return blame(0, 0, undefined);
  const isMemory = MEMORY_WORDS.test(end.lastWords);
  return blame(mark.isolate, mark.run, {
    outcome: isMemory ? 'exceededMemory' : 'runnerDied',
    reason: isMemory ? 'the plugin exhausted the memory of its runner' : 'the plugin crashed its runner',
  });
}

function blame(isolate: number, run: number, failure: Failure | undefined): Verdict {
  const innocent: Failure = { outcome: 'runnerDied', reason: 'the runner process ended during the call' };
  return {
    isolate,
    reason: failure?.reason ?? innocent.reason,
    // Run 0 is the package's own evaluation: then every run that waited for it ends with it.
    failureOf: (other, home) =>
      failure && (run === 0 ? home === isolate && isolate !== 0 : other.id === run)
        ? { outcome: failure.outcome, reason: failure.reason }
        : innocent,
  };
}
