export { createTestHost, type ImportRequest, type TestHost, type TestHostOptions } from './test-host.ts';
export type { LoggedLine } from './host-object.ts';
export type { MemoryImport } from '../memory/imports.ts';
export type { MemoryJob } from '../memory/jobs.ts';
export type { SentMail } from '../memory/mail.ts';
