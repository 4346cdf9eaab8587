export { recordCapabilities } from '../../spec/host/records.ts';
export { createImport } from './batch.ts';
export { applyDecision, type HeldRow } from './deciding.ts';
export { requireTakenType } from './record-types.ts';
export { RECORD_ENTITIES } from './entities.ts';
export { openRecords, type Records } from './records.ts';
