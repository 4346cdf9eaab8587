export type { Capability, CapabilityContext } from '../spec/host/capability.ts';
