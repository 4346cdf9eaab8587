export {
  type IdempotentAnswer,
  type IdempotentRequest,
  keepAnswer,
  type KeyTaken,
  releaseKey,
  sweepKeys,
  takeKey,
} from './idempotency.ts';
