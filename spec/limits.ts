/**
 * Every limit of the product, each with its unit in the name, its reason, and its derivation where one follows from
 * another. `assertLimits` states how they must relate; the server calls it at start.
 */
export { CRYPTO_LIMITS } from './limits/crypto.ts';
export {
  KV_LIMITS,
  FILE_LIMITS,
  ORGANIZATION_LIMITS,
  RECORD_LIMITS,
  SECRET_LIMITS,
  TELEMETRY_LIMITS,
} from './limits/data.ts';
export { ENVELOPE_LIMITS, PACKAGE_LIMITS } from './limits/packages.ts';
export { assertLimits } from './limits/relations.ts';
export {
  ISOLATE_LIMITS,
  RUN_LIMITS,
  RUNNER_LIMITS,
  STREAM_LIMITS,
  STRIKE_LIMITS,
  UPKEEP_LIMITS,
  type RunLimits,
  type TriggerKind,
} from './limits/runs.ts';
export { EGRESS_LIMITS, HTTP_LIMITS, MAIL_LIMITS } from './limits/traffic.ts';
export { EVENT_LIMITS, JOB_LIMITS, QUEUE_LIMITS, SCHEDULE_LIMITS } from './limits/work.ts';
