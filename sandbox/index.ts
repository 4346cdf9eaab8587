export { createSandbox, type Sandbox, type SandboxOptions } from './supervisor/sandbox.ts';
export type { SandboxHealth } from './supervisor/health.ts';
export type * from './ports.ts';
