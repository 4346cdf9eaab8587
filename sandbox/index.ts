export { createSandbox, type Sandbox, type SandboxOptions } from './supervisor/sandbox.ts';
export type * from './ports.ts';
