export type { Capability, CapabilityContext } from '../spec/host/capability.ts';
export type { HandlerRun, HandlerRuns } from '../spec/handler-runs.ts';
export { openCommands, type CommandAnswer, type Commands, type OfferedCommand } from './commands/index.ts';
export {
  CONTRACT_ENTITIES,
  contractCapabilities,
  DISPATCH_MODES,
  openContracts,
  type BindingView,
  type ContractAnswer,
  type ContractCall,
  type ContractFailure,
  type Contracts,
} from './contracts/index.ts';
export { FILE_ENTITIES, fileCapabilities, openFiles, type Files, type NewFile } from './files/index.ts';
export {
  createKeyValueStore,
  KV_ENTITIES,
  kvCapabilities,
  openDataExport,
  type DataExport,
  type KeyValueStore,
  type KvEntry,
  type KvNamespace,
  type KvPage,
  type KvSetOptions,
  type KvWrite,
} from './kv/index.ts';
export { MAIL_ENTITIES, mailCapabilities, openMail, type Mail } from './mail/index.ts';
export {
  createResolve,
  openEgress,
  parseEgressAllow,
  type Egress,
  type EgressAllow,
  type EgressObserver,
} from './egress/index.ts';
export { createCauses, type Causes } from '../spec/host/causes.ts';
export {
  EVENT_ENTITIES,
  eventCapabilities,
  openEvents,
  type DeadLetter,
  type Emitted,
  type Events,
  type NewEvent,
} from './events/index.ts';
export {
  JOB_ENTITIES,
  JOB_STATES,
  guestJobs,
  jobCapabilities,
  openJobs,
  type JobAudience,
  type JobLogLine,
  type JobProgress,
  type JobQuery,
  type Jobs,
  type JobState,
  type JobView,
  type JobWork,
  type NewJob,
  type ServerJob,
  type ServerWorker,
} from './jobs/index.ts';
export {
  MISSED_POLICIES,
  openSchedules,
  SCHEDULE_ENTITIES,
  type Schedules,
  type ScheduleView,
} from './schedules/index.ts';
export { openQueue, type Queue } from './queue/index.ts';
export { importCapabilities, openImports, type Imports } from './imports/index.ts';
export { openRecords, RECORD_ENTITIES, recordCapabilities, type Records } from './records/index.ts';
export {
  heldSecrets,
  openMasterKeys,
  openSecrets,
  SECRET_ENTITIES,
  secretCapabilities,
  type MasterKeySource,
  type Secrets,
  type SecretView,
} from './secrets/index.ts';
export {
  LOG_CHANNEL,
  LOG_LEVELS,
  openTelemetry,
  TELEMETRY_ENTITIES,
  type LogFilter,
  type LogLevel,
  type LogLine,
  type LogOwner,
  type PluginMetrics,
  type Telemetry,
} from './telemetry/index.ts';
export { LIMIT_ENTITIES, openOrganizationLimits, type OrganizationLimits } from './limits/index.ts';
