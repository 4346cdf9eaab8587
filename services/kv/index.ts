export { kvCapabilities } from './capabilities.ts';
export { KV_ENTITIES } from './entities.ts';
export {
  createKeyValueStore,
  type KeyValueStore,
  type KvEntry,
  type KvNamespace,
  type KvPage,
  type KvSetOptions,
  type KvWrite,
} from './store.ts';
