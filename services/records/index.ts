export { createImport, type ImportMode, type Proposer } from './batch.ts';
export { recordCapabilities, type RecordsContext } from './capabilities.ts';
export { applyDecision, type HeldRow } from './deciding.ts';
export { requireTakenType } from './judged-type.ts';
export { RECORD_ENTITIES } from './entities.ts';
export { openRecords, type Records } from './records.ts';
export type { Counts, Outcome } from './writing.ts';
