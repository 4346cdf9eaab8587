/** What a guest reaches as `host.records`. */
import type { JsonObject, JsonValue } from '../../spec/json.ts';
import { RECORD_LIMITS } from '../../spec/limits.ts';
import type { PermissionName } from '../../spec/permission.ts';
import type { PluginId } from '../../spec/plugin-id.ts';
import type { Capability } from '../capability.ts';
import type { Proposal } from './decision.ts';
import type { Records } from './records.ts';

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
export function recordCapabilities(records: Records): Capability<RecordsContext>[] {
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

function batchOf(args: JsonObject, { guest }: RecordsContext): Parameters<Records['propose']>[0] {
  const { installationId, plugin, digest } = guest;
  return {
    orgId: guest.org.id,
    proposer: { installationId, plugin: { id: plugin.id, version: plugin.version }, digest },
    type: String(args['type']),
    ...(args['import'] === undefined ? {} : { importId: String(args['import']) }),
    rows: args['rows'] as unknown as Proposal[],
  };
}
