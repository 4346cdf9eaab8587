export type { BindingView } from '../../spec/contracts/binding.ts';
export { contractCapabilities } from '../../spec/host/contracts.ts';
export { openContracts, type Contracts } from './contracts.ts';
export {
  DISPATCH_MODES,
  type ContractAnswer,
  type ContractCall,
  type ContractFailure,
} from '../../spec/contracts/dispatch.ts';
export { CONTRACT_ENTITIES } from './entities.ts';
