export { keepAnswer, releaseKey, sweepKeys, takeKey } from './idempotency.ts';
