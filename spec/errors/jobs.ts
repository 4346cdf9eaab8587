import type { ErrorCodeEntry } from './entry.ts';

/** Codes of work in the background. */
export const JOB_ERRORS = {
  job_not_found: {
    status: 404,
    kind: 'state',
    title: 'There is no such job.',
    hint: 'List the jobs of the organization; those that ended are kept for thirty days.',
  },
  job_ended: {
    status: 409,
    kind: 'state',
    title: 'The job is over.',
    hint: 'Only a job that waits or is at work can be canceled.',
  },
  job_not_running: {
    status: 409,
    kind: 'state',
    title: 'This run is not the run of a job.',
    hint: 'Call host.jobs.progress in a command that runs in the background.',
  },
  job_caller_lost_role: {
    status: 403,
    kind: 'policy',
    title: 'Whoever wanted the job has no longer the role that he had then.',
    hint: 'Somebody who has the role can run the command again.',
  },
  job_interrupted: {
    status: 502,
    kind: 'state',
    title: 'The job was interrupted, and may have done a part of its work.',
    hint: 'Look how far it came before you run it again; an author may declare "retry": "interrupted".',
  },
  job_arguments_invalid: {
    status: 422,
    kind: 'input',
    title: 'The arguments do not fit the schema of the command.',
    hint: 'Compare with the "arguments" of the command in the manifest.',
  },
  job_delay_invalid: {
    status: 422,
    kind: 'input',
    title: 'A job cannot wait for so long.',
    hint: 'Give a delay in milliseconds, at most 366 days.',
  },
  jobs_too_many: {
    status: 429,
    kind: 'limit',
    title: 'Too many jobs of the organization are waiting.',
    hint: 'Wait until some of them are done, or cancel some.',
  },
} as const satisfies Record<string, ErrorCodeEntry>;
