/** Delivers what was handed out of one lane, one after the other, and says what is to be written down of it. */
import { EVENT_LIMITS } from '../../spec/limits.ts';
import { deliver, type DeliveringPorts } from './delivering.ts';
import type { Failure, Head, Lane, LaneEnd } from './lanes.ts';

export type LaneRunPorts = DeliveringPorts & {
  /** Failures of a handler after which an event is a dead letter. */
  readonly attemptsMax: number;
};

/** Hears what came of each delivery, at once. */
export type Reporter = {
  delivered(id: string): void;
  failed(failure: Failure): void;
};

/** How a server ends: it begins nothing more, and some time later cuts off what still runs. */
export type Endings = { readonly stopping: AbortSignal; readonly aborting: AbortSignal };

/** What the lane goes on with. */
type Course = { readonly putOff: number; readonly pauseSeconds: number | null };

const ERROR_CHARS_MAX = 1_000;

/** A delivery that failed, and is not given up, ends the run: those behind it wait. */
export async function runLane(
  ports: LaneRunPorts,
  { name, heads, putOff }: Lane,
  report: Reporter,
  { stopping, aborting }: Endings,
): Promise<LaneEnd> {
  let course: Course = { putOff, pauseSeconds: null };
  for (const head of heads) {
    if (stopping.aborted) course = { ...course, pauseSeconds: 0 };
    if (course.pauseSeconds !== null) break;
    course = await runHead(ports, head, course, report, aborting);
  }
  return { lane: name, put_off: course.putOff, pause_seconds: course.pauseSeconds };
}

async function runHead(
  ports: LaneRunPorts,
  head: Head,
  { putOff }: Course,
  report: Reporter,
  signal: AbortSignal,
): Promise<Course> {
  const { delivery: id, attempts } = head;
  const end = await deliver(ports, head, signal);
  switch (end.kind) {
    case 'delivered':
      report.delivered(id);
      return { putOff: 0, pauseSeconds: null };
    case 'left':
      return { putOff, pauseSeconds: 0 };
    case 'dead':
      report.failed({ id, attempts, error: end.error, state: 'dead' });
      return { putOff: 0, pauseSeconds: null };
    case 'putOff':
      return putOffOnce(head, end.error, putOff + 1, report);
    case 'failed':
      return failOnce(head, end.error, { attempts: attempts + 1, attemptsMax: ports.attemptsMax }, report);
  }
}

/** The count is the lane's: once it was put off for too long, what waits behind has one try each. */
function putOffOnce(
  { delivery: id, attempts }: Head,
  error: string,
  putOff: number,
  report: Reporter,
): Course {
  if (putOff < EVENT_LIMITS.putOffMax) {
    report.failed({ id, attempts, error: textOf(error), state: 'waiting' });
    return { putOff, pauseSeconds: pauseAfter(putOff) };
  }
  const reason = `Put off ${EVENT_LIMITS.putOffMax} times, for about an hour. ${error}`;
  report.failed({ id, attempts, error: textOf(reason), state: 'dead' });
  return { putOff, pauseSeconds: null };
}

function failOnce(
  { delivery: id }: Head,
  error: string,
  { attempts, attemptsMax }: { readonly attempts: number; readonly attemptsMax: number },
  report: Reporter,
): Course {
  const isDead = attempts >= attemptsMax;
  report.failed({ id, attempts, error: textOf(error), state: isDead ? 'dead' : 'waiting' });
  return { putOff: 0, pauseSeconds: isDead ? null : pauseAfter(attempts) };
}

/** Doubles from a second on. */
function pauseAfter(times: number): number {
  return Math.min(2 ** (times - 1), EVENT_LIMITS.pauseSecondsMax);
}

/** As PostgreSQL takes it. */
function textOf(error: string): string {
  return error.slice(0, ERROR_CHARS_MAX).toWellFormed().replaceAll('\0', '\uFFFD');
}
