/** `host.records`: its calls, and who answers them. */
import type { JsonObject, JsonValue } from '../json.ts';
import { RECORD_LIMITS } from '../limits.ts';
import type { PermissionName } from '../permission.ts';
import type { PluginId } from '../plugin-id.ts';
import type { Proposal } from '../records/proposal.ts';
import type { Counts, Outcome } from '../records/verdict.ts';
import type { Violation } from '../refusal.ts';
import type { Capability } from './capability.ts';

/** The plugin that proposes, as the supervisor knows it. */
export type Proposer = {
  readonly installationId: string;
  readonly plugin: { readonly id: PluginId; readonly version: string };
  readonly digest: string;
};

export type ProposalBatch = {
  readonly orgId: string;
  readonly proposer: Proposer;
  /** Name of the record type, bare or qualified. */
  readonly type: string;
  /** The import that the run was begun for; absent where a plugin proposes by itself. */
  readonly importId?: string;
  readonly rows: readonly Proposal[];
};

export type RowAnswer = {
  readonly row: number;
  readonly outcome: Outcome;
  readonly record: string | null;
  readonly reasons: readonly Violation[];
};

export type ProposalAnswer = Counts & {
  /** Null where a plugin proposed by itself what is there already. */
  readonly import: string | null;
  readonly rows: readonly RowAnswer[];
};

export type RecordView = {
  readonly id: string;
  readonly type: string;
  /** Fields of plugins' extensions stand under the plugin's id. */
  readonly data: JsonObject;
  readonly revision: number;
  readonly createdAt: string;
  readonly updatedAt: string;
};

export type RecordQuery = {
  /** Fields with the text that they must have, all of them. */
  readonly filter?: readonly (readonly [string, string])[];
  readonly cursor?: string;
  readonly limit?: number;
};

export type RecordPage = { readonly items: readonly RecordView[]; readonly nextCursor: string | null };

/** Every function sees and changes the records of the organization that it is given, and of no other. */
export type RecordPort = {
  /**
   * Rows are decided in order. A row of an import that was decided before is answered as it was then.
   * @throws Refusal `record_type_unknown`, `record_type_not_in_force`, `name_ambiguous`, `record_request_invalid`,
   *   `import_not_running`, `record_quota_exceeded`
   */
  propose(batch: ProposalBatch): Promise<ProposalAnswer>;
  /** @returns undefined where there is none. @throws Refusal `record_type_unknown`, `name_ambiguous` */
  find(orgId: string, type: string, id: string): Promise<RecordView | undefined>;
  /**
   * By id, which is older records first but for those of one moment.
   * @throws Refusal `record_type_unknown`, `name_ambiguous`, `record_request_invalid`, `cursor_invalid`
   */
  list(orgId: string, type: string, query: RecordQuery): Promise<RecordPage>;
};

/** The run's own installation, from the supervisor's record. */
export type RecordsContext = {
  readonly guest: {
    readonly installationId: string;
    readonly org: { readonly id: string };
    readonly plugin: { readonly id: PluginId; readonly version: string };
    readonly digest: string;
  };
};

const TEXT: JsonObject = { type: 'string' };
const NAME: JsonObject = { type: 'string', minLength: 1, maxLength: 200 };
const PROPOSAL: JsonObject = {
  type: 'object',
  required: ['row', 'original', 'data'],
  additionalProperties: false,
  properties: {
    row: { type: 'integer', minimum: 1, maximum: RECORD_LIMITS.rowNumberMax },
    original: {},
    data: { type: 'object' },
    id: { type: 'string', pattern: '^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$' },
    problems: {
      type: 'array',
      maxItems: RECORD_LIMITS.reasonsPerRowMax,
      items: { type: 'string', minLength: 1, maxLength: RECORD_LIMITS.reasonCharsMax },
    },
  },
};

/**
 * `records.get(type, id)` → record or null · `records.list({ type, filter, after, limit })` → `{ items, next }` ·
 * `records.propose({ type, import, rows: [{ row, original, data, id, problems }] })` → what became of each row.
 */
export function recordCapabilities(records: RecordPort): Capability<RecordsContext>[] {
  return [
    {
      name: 'records.get',
      parameters: ['type', 'id'],
      argumentSchema: objectOf({ type: NAME, id: TEXT }, ['type', 'id']),
      requires: permission('records.read'),
      act: async ({ type, id }, { guest }) => {
        const found = await records.find(guest.org.id, String(type), String(id));
        return (found as JsonObject | undefined) ?? null;
      },
    },
    {
      name: 'records.list',
      argumentSchema: objectOf(
        {
          type: NAME,
          filter: { type: 'object', maxProperties: RECORD_LIMITS.filtersMax, additionalProperties: TEXT },
          after: TEXT,
          limit: { type: 'integer', minimum: 1, maximum: RECORD_LIMITS.listMax },
        },
        ['type'],
      ),
      requires: permission('records.read'),
      act: async ({ type, filter = {}, after, limit }, { guest }) => {
        const page = await records.list(guest.org.id, String(type), {
          filter: Object.entries(filter as Record<string, string>),
          ...(after === undefined ? {} : { cursor: String(after) }),
          limit: limit === undefined ? RECORD_LIMITS.listMax : Number(limit),
        });
        return { items: page.items, next: page.nextCursor } as unknown as JsonValue;
      },
    },
    {
      name: 'records.propose',
      argumentSchema: objectOf(
        {
          type: NAME,
          import: TEXT,
          rows: { type: 'array', maxItems: RECORD_LIMITS.rowsPerProposalMax, items: PROPOSAL },
        },
        ['type', 'rows'],
      ),
      requires: permission('records.propose'),
      act: async (args, context) => (await records.propose(batchOf(args, context))) as unknown as JsonValue,
    },
  ];
}

function objectOf(properties: JsonObject, required: string[]): JsonObject {
  return { type: 'object', properties, required, additionalProperties: false };
}

function permission(name: PermissionName): Capability['requires'] {
  return ({ type }) => ({ name, scope: [String(type)] });
}

function batchOf(args: JsonObject, { guest }: RecordsContext): ProposalBatch {
  const { installationId, plugin, digest } = guest;
  return {
    orgId: guest.org.id,
    proposer: { installationId, plugin: { id: plugin.id, version: plugin.version }, digest },
    type: String(args['type']),
    ...(args['import'] === undefined ? {} : { importId: String(args['import']) }),
    rows: args['rows'] as unknown as Proposal[],
  };
}
