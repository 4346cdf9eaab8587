/** Lines that a runner's guests log, within what the supervisor itself counts. */
import { ISOLATE_LIMITS } from '../../spec/limits.ts';
import { Fault } from '../../spec/refusal.ts';
import type { SandboxObserver } from '../ports.ts';
import type { Frame } from '../protocol/frame.ts';
import { LOG_LEVELS } from '../protocol/kinds.ts';
import type { Isolate } from './isolates.ts';
import type { RunInFlight } from './runs-in-flight.ts';

/** In UTF-8 a UTF-16 unit has three bytes at most. */
const LOG_LINE_BYTES_MAX = ISOLATE_LIMITS.logCharsMax * 3;

/**
 * @param entry the run that the line belongs to, which may have been answered meanwhile; undefined outside of runs
 * @throws Fault when the frame is not one that our runner would send
 */
export function receiveLog(
  frame: Frame,
  isolate: Isolate,
  entry: RunInFlight | undefined,
  observer: SandboxObserver,
): void {
  const level = LOG_LEVELS[frame.code];
  if (level === undefined) throw new Fault('a log line of an unknown level');
  // It would be kept with the request, or the job, of somebody else.
  if (entry && entry.isolate !== isolate) throw new Fault('a log line of one isolate for the run of another');
  const run = entry?.run;
  const lines = run ? ++run.logLines : ++isolate.strayLogLines;
  // The runner enforces both limits first; more than they allow means that the runner is no longer ours.
  if (lines > (run?.limits.logLinesMax ?? ISOLATE_LIMITS.strayLogLinesMax))
    throw new Fault('more log lines than a run may write');
  if (frame.body.byteLength > LOG_LINE_BYTES_MAX) throw new Fault('a log line that is longer than it may be');
  if (isolate.logAllowance.take(frame.body.byteLength) !== 'taken') return;
  const requestId = run?.invocation.requestId ?? null;
  observer.guestLogged(isolate.guest, { level, text: frame.body.toString('utf8'), requestId });
}
