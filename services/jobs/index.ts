export { jobCapabilities } from './capabilities.ts';
export type { JobWork, NewJob } from './enqueue.ts';
export { JOB_ENTITIES, JOB_STATES, type JobState, type RetryPolicy } from './entities.ts';
export type { JobLogLine } from './job-log.ts';
export type { JobFailure, JobProgress, JobView } from './job-view.ts';
export { openJobs, type JobAudience, type JobQuery, type Jobs } from './jobs.ts';
export type { ServerJob, ServerWorker } from './running.ts';
