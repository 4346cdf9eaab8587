import type { JsonObject } from '../../spec/json.ts';
import type { Manifest } from '../../spec/manifest.ts';
import type { Permission } from '../../spec/permission.ts';

/** A plugin of the one organization whose services are in memory. */
export type MemoryPlugin = {
  readonly manifest: Manifest;
  /** SHA-256 of its package, or another word for its code. */
  readonly digest: string;
  readonly grants: readonly Permission[];
  /** What is in effect. */
  readonly config: JsonObject;
};
