export { createTestHost, type TestHost, type TestHostOptions } from './test-host.ts';
export type { LoggedLine } from './host-object.ts';
