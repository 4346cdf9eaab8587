import { IdempotencyEntryEntity } from './idempotency-entry.ts';
import { KeyChallengeEntity } from './key-challenge.ts';
import { KeyDocumentEntity } from './key-document.ts';
import { PluginGrantEntity } from './plugin-grant.ts';
import { PluginVersionEntity } from './plugin-version.ts';
import { PluginEntity } from './plugin.ts';

export { IdempotencyEntryEntity } from './idempotency-entry.ts';
export { KeyChallengeEntity } from './key-challenge.ts';
export { KeyDocumentEntity } from './key-document.ts';
export { PluginGrantEntity } from './plugin-grant.ts';
export {
  PluginVersionEntity,
  type PluginVersion,
  type SignatureState,
  type StoredFile,
  type StoredFinding,
  type VersionState,
} from './plugin-version.ts';
export { PluginEntity, type Plugin, type Visibility } from './plugin.ts';
export { versionOrder } from './version-order.ts';

/** The tables of publishing and catalogue, for `openDatabase`. */
export const REGISTRY_ENTITIES = [
  PluginEntity,
  PluginGrantEntity,
  PluginVersionEntity,
  KeyDocumentEntity,
  KeyChallengeEntity,
  IdempotencyEntryEntity,
];
