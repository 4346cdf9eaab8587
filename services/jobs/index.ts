export {
  JOB_STATES,
  jobCapabilities,
  type JobFailure,
  type JobProgress,
  type JobState,
} from '../../spec/host/jobs.ts';
export type { JobWork, NewJob } from './enqueue.ts';
export { guestJobs } from './guest-jobs.ts';
export { JOB_ENTITIES } from './entities.ts';
export type { JobLogLine } from './job-log.ts';
export type { JobView } from './job-view.ts';
export { openJobs, type JobAudience, type JobQuery, type Jobs } from './jobs.ts';
export type { ServerJob, ServerWorker } from './running.ts';
