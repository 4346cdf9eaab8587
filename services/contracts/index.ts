export type { BindingView } from './bindings.ts';
export { contractCapabilities } from './capabilities.ts';
export { openContracts, type Contracts } from './contracts.ts';
export { DISPATCH_MODES, type ContractAnswer, type ContractCall, type ContractFailure } from './dispatch.ts';
export { CONTRACT_ENTITIES } from './entities.ts';
