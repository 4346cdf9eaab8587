export { parseEgressAllow, type EgressAllow } from './allow-list.ts';
export type { JudgePorts } from './guard.ts';
export { createResolve } from './resolver.ts';
export {
  openEgress,
  type Egress,
  type EgressContext,
  type EgressObserver,
  type EgressOptions,
  type EgressResult,
} from './http-fetch.ts';
