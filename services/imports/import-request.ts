/** What is asked of imports, and what they ask of others. */
import type { AuditActor, Database } from '../../database/index.ts';
import type { ImportMode } from '../../spec/host/imports.ts';
import type { JsonObject } from '../../spec/json.ts';
import type { ImportKind } from '../../spec/modules/core-modules.ts';
import type { PluginId } from '../../spec/plugin-id.ts';
import type { Caller, RunFile } from '../../spec/run.ts';
import type { Contracts } from '../contracts/index.ts';
import type { Tell } from '../events/index.ts';
import type { Jobs } from '../jobs/index.ts';
import type { Records } from '../records/index.ts';

export type ImportRequest = {
  readonly orgId: string;
  readonly actor: AuditActor;
  /** Who stands behind it, as the plugin sees it. */
  readonly caller: Caller;
  readonly kind: ImportKind;
  /** The importer. */
  readonly plugin: PluginId;
  readonly file: RunFile;
  /** For the plugin; what it takes, its documentation says. */
  readonly options: JsonObject;
  readonly mode: ImportMode;
};

export type ImportPage<Item> = { readonly items: readonly Item[]; readonly nextCursor: string | null };
export type ImportPageRequest = { readonly limit?: number; readonly cursor?: string };

export type ImportPorts = {
  readonly database: Database;
  readonly jobs: Jobs;
  readonly contracts: Contracts;
  readonly records: Records;
  readonly tell: Tell;
};
