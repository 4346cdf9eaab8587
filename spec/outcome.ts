/**
 * How a run of guest code ended. One vocabulary for HTTP, logs, metrics and audit.
 *
 * - `ok`: the guest answered.
 * - `exception`: the guest threw, or answered something that is no answer.
 * - `exceededCpu`, `exceededWallTime`, `exceededMemory`, `exceededOutput`: a limit of `limits.ts` was reached.
 * - `loadShed`: the run never started, because the queue or the share of its organization was full.
 * - `runnerDied`: the runner process ended while the run was in it; whether the guest acted is unknown.
 * - `denied`: the run was refused before it started (no such installation, not active, grant withdrawn).
 * - `canceled`: the caller went away or the installation was unloaded.
 * - `internalError`: a fault of ours.
 */
export const OUTCOMES = [
  'ok',
  'exception',
  'exceededCpu',
  'exceededWallTime',
  'exceededMemory',
  'exceededOutput',
  'loadShed',
  'runnerDied',
  'denied',
  'canceled',
  'internalError',
] as const;

export type Outcome = (typeof OUTCOMES)[number];
export type FailedOutcome = Exclude<Outcome, 'ok'>;

/** The HTTP status and the sentence that the caller of a plugin's endpoint gets for each failed outcome. */
export const OUTCOME_RESPONSES: Readonly<Record<FailedOutcome, { status: number; title: string }>> = {
  exception: { status: 502, title: 'The plugin failed.' },
  exceededCpu: { status: 503, title: 'The plugin used more processor time than it may.' },
  exceededWallTime: { status: 504, title: 'The plugin did not answer in time.' },
  exceededMemory: { status: 503, title: 'The plugin used more memory than it may.' },
  exceededOutput: { status: 502, title: 'The plugin answered more than it may.' },
  loadShed: { status: 503, title: 'Too many calls are waiting. Try again shortly.' },
  runnerDied: { status: 502, title: 'The process that ran the plugin ended during the call.' },
  denied: { status: 403, title: 'This plugin may not run here.' },
  canceled: { status: 503, title: 'The call was canceled.' },
  internalError: { status: 500, title: 'Souk failed.' },
};
