export { KV_ENTITIES } from './entities.ts';
export { openDataExport, type DataExport } from './data-export.ts';
export { createKeyValueStore } from './store.ts';
export { kvCapabilities } from '../../spec/host/kv.ts';
export type {
  KeyValueStore,
  KvEntry,
  KvNamespace,
  KvPage,
  KvSetOptions,
  KvWrite,
} from '../../spec/host/kv.ts';
