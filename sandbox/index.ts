export { createSandbox, type Sandbox, type SandboxOptions } from './supervisor/sandbox.ts';
export type { SandboxHealth } from './supervisor/health.ts';
export * from './ports.ts';
export { createSourceMaps, type SourceMaps } from './source-maps.ts';
export {
  pluginCallCapability,
  type CalledEndpoint,
  type CallTarget,
  type PluginCallPorts,
} from './plugin-calls.ts';
export { requireNoCircle } from './call-chain.ts';
