export { createTestHost, type TestHost, type TestHostOptions } from './test-host.ts';
export type { LoggedLine } from './host-object.ts';
export type { TestJob } from './memory-jobs.ts';
export type { SentMail } from './memory-mail.ts';
