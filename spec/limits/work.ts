/** Work that nobody waits for at the door: queues, jobs, events, schedules. */
import { ISOLATE_LIMITS, RUN_LIMITS } from './runs.ts';
import { KIB, MIB } from './units.ts';

/** Queues of work, which all servers share. */
export const QUEUE_LIMITS = {
  /** How often a server looks for work of which no notification has reached it, and for what had to wait. */
  pollMs: 1_000,
  /** Between two notifications of one server about one queue: those about more than fifty in a second are one. */
  signalPauseMs: 20,
  /** A server that has not said so for this long does not work on its tasks any more. */
  heartbeatSeconds: 15,
  /** How often it says so: two may get lost. */
  touchMs: 4_000,
  /** How often the tasks of dead servers are looked for. */
  superviseSeconds: 5,
  /** Tasks taken at once. */
  batchMax: 32,
  /** Longest pause before a task is tried again. */
  retryDelaySecondsMax: 60,
  /** Above the longest run of any kind (RUN_LIMITS.job), at most the 24 hours that pg-boss takes. */
  taskSecondsMax: 3_600 * 23,
  /** A task that waits this long behind others is given up: ten years. */
  waitingSecondsMax: 10 * 366 * 86_400,
} as const;

/** Work in the background. */
export const JOB_LIMITS = {
  /** Arguments as JSON: as large as what one host call can bring. */
  argumentBytesMax: ISOLATE_LIMITS.callCharsMax,
  /** Jobs of one organization that wait or are at work. */
  openPerOrganizationMax: 1_000,
  /** Jobs that one server works on; most of them wait for something. */
  runsPerServerMax: 16,
  /** Jobs of one organization that all servers together work on. */
  runsPerOrganizationMax: 4,
  /** How often a server looks whether a job that it is at was canceled; a notification tells it at once, where it comes. */
  cancelLookMs: 10_000,
  /** How often a job that may be begun again is begun. */
  attemptsMax: 3,
  /** A job may wait for a year. */
  delayMsMax: 366 * 86_400_000,
  logLinesMax: RUN_LIMITS.job.logLinesMax,
  logPageMax: 1_000,
  progressMessageCharsMax: 500,
  /** Jobs that ended are kept for thirty days; of one organization, the newest. */
  keptMs: 30 * 86_400_000,
  keptPerOrganizationMax: 20_000,
  /** Arguments, results and logs of those: as many of 13 KiB. */
  keptBytesPerOrganizationMax: 256 * MIB,
  /** So much that ended on a server is looked at before the hour of the sweep has come. */
  keptBytesUnswept: 32 * MIB,
} as const;

/** Events between plugins. */
export const EVENT_LIMITS = {
  /** Data as JSON: an event tells what happened, and names what is large. */
  dataBytesMax: 64 * KIB,
  keyBytesMax: 256,
  /** Events that may lead to each other, one after the other: two that answer each other end here. */
  depthMax: 16,
  /** Deliveries of one organization that may wait: half a minute at the rate that one server keeps up. */
  waitingPerOrganizationMax: 10_000,
  /** Facts of Souk that may wait besides; a large import tells one for each record. Those above are dead letters. */
  factsPerOrganizationMax: 100_000,
  /** Deliveries that one server works on; of one organization and of one installation, those of all servers. */
  runsPerServerMax: 48,
  runsPerOrganizationMax: 32,
  runsPerInstallationMax: 16,
  /** Failures after which it is a dead letter, with pauses that double: about two minutes. */
  attemptsDefault: 8,
  /** Times that a lane is put off with nobody to blame, until what is at its head is a dead letter: about an hour. */
  putOffMax: 64,
  /** Longest pause of a lane before its next try. */
  pauseSecondsMax: 60,
  /** A server that has not said so for this long does not work on its lanes any more. */
  holdSeconds: 15,
  /** How often it says so: two may get lost. */
  holdTouchMs: 4_000,
  /** Deliveries of one lane that are handed out at once: with data of 64 KiB those of 48 lanes take 24 MiB. */
  handedOutMax: 8,
  /** Ends of deliveries gather for this long while others run: a tenth of the goal from commit to handler. */
  gatherMs: 3,
  /** Installations that one turn looks at, and fresh deliveries of each: a turn stays below some 10 ms. */
  queuesPerTurnMax: 64,
  scannedPerTurnMax: 64,
  /** Dead letters that are put back at once. */
  replayMax: 1_000,
  deadLettersKeptMs: 30 * 86_400_000,
  /** Of one organization, the newest: as many as may wait. */
  deadLettersPerOrganizationMax: 10_000,
  heardKeptMs: 10 * 60_000,
} as const;

/** Schedules of an organization. */
export const SCHEDULE_LIMITS = {
  /** How often the clock is looked at; cron counts in minutes. */
  lookMs: 1_000,
  /** Later than this, a tick was missed. */
  lateMs: 60_000,
  /** That administrators add. */
  perOrganizationMax: 100,
} as const;
