export { recordCapabilities } from './capabilities.ts';
export { RECORD_ENTITIES } from './entities.ts';
export { openRecords, type Records } from './records.ts';
