export type { Capability, CapabilityContext } from './capability.ts';
export {
  createKeyValueStore,
  KV_ENTITIES,
  kvCapabilities,
  type KeyValueStore,
  type KvEntry,
  type KvNamespace,
  type KvPage,
  type KvSetOptions,
  type KvWrite,
} from './kv/index.ts';
