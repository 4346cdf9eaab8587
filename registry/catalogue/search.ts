import type { Database, Transaction } from '../../database/index.ts';
import type { PluginId } from '../../spec/plugin-id.ts';
import type { Visibility } from '../entities/index.ts';
import {
  type CheckedQuery,
  checkQuery,
  type Filter,
  FILTERS,
  type SearchQuery,
  writeCursor,
} from './search-query.ts';
import { scopeOfViewer, type Viewer } from './viewer.ts';

/** One plugin as the search shows it, drawn from its newest offered version. */
type SearchHit = {
  readonly id: PluginId;
  readonly title: string;
  readonly description: string | undefined;
  readonly type: string | undefined;
  readonly category: string | undefined;
  readonly latestVersion: string;
  readonly visibility: Visibility;
  readonly permissions: readonly string[];
  /** False is to be shown. */
  readonly isSigned: boolean;
  readonly listedAt: Date;
};

/** Values of one property and how many plugins have each, most first. */
type Facet = readonly { readonly value: string; readonly count: number }[];

export type SearchPage = {
  readonly hits: readonly SearchHit[];
  /** Plugins on all pages together. */
  readonly total: number;
  /** Each counts what its own filter, if it were another value, would give. */
  readonly facets: Readonly<Record<Filter, Facet>>;
  /** Absent on the last page. */
  readonly nextCursor: string | undefined;
};

/** Values shown of one facet. */
const FACET_VALUES_MAX = 50;

/** Each filter as SQL over `plugin`, and the values that a plugin has for its facet. */
const FILTER_SQL: Readonly<Record<Filter, { readonly holds: string; readonly values: string }>> = {
  type: { holds: 'type = ?', values: 'array[type]' },
  category: { holds: 'category = ?', values: 'array[category]' },
  publisher: { holds: 'publisher = ?', values: 'array[publisher]' },
  permission: { holds: '? = any(permission_names)', values: 'permission_names' },
  signature: {
    holds: `case when is_signed then 'signed' else 'unsigned' end = ?`,
    values: `array[case when is_signed then 'signed' else 'unsigned' end]`,
  },
};

/**
 * Searches what the viewer may see. Without text, what was published last comes first; with text, the best match.
 * @throws Refusal `search_invalid` or `cursor_invalid`
 */
export async function searchPlugins(
  database: Database,
  viewer: Viewer,
  query: SearchQuery,
): Promise<SearchPage> {
  const checked = checkQuery(query);
  return database.transaction(
    scopeOfViewer(viewer),
    async (tx) => {
      const rows = await findHits(tx, checked);
      const facets = await countFacets(tx, checked);
      const hits = rows.slice(0, checked.pageSize);
      const last = rows.length > checked.pageSize ? hits.at(-1) : undefined;
      return {
        hits: hits.map(toHit),
        ...facets,
        nextCursor: last && writeCursor({ rank: last.rank, id: last.plugin_id }, checked.fingerprint),
      };
    },
    { isolation: 'repeatable read' },
  );
}

type Row = {
  plugin_id: string;
  rank: number;
  id: PluginId;
  title: string;
  description: string | null;
  type: string | null;
  category: string | null;
  latest_version: string;
  visibility: Visibility;
  permission_names: string[];
  is_signed: boolean;
  listed_at: string | Date;
};

/** A plugin that is listed, with its rank: how well the text fits, or when it was published. */
function rankedSql(query: CheckedQuery): { sql: string; bindings: unknown[] } {
  if (query.tsquery === undefined)
    return {
      sql: `select *, extract(epoch from listed_at)::float8 as rank from plugin where latest_version is not null`,
      bindings: [],
    };
  return {
    sql: `select *, ts_rank(search_document, to_tsquery('simple', ?))::float8 as rank
            from plugin where latest_version is not null and search_document @@ to_tsquery('simple', ?)`,
    bindings: [query.tsquery, query.tsquery],
  };
}

/** One more than a page, to know whether another follows. */
async function findHits(tx: Transaction, query: CheckedQuery): Promise<Row[]> {
  const ranked = rankedSql(query);
  const conditions = [...query.filters.keys()].map((name) => FILTER_SQL[name].holds);
  const bindings = [...ranked.bindings, ...query.filters.values()];
  if (query.after) {
    conditions.push('(rank < ?::float8 or (rank = ?::float8 and id < ?::uuid))');
    bindings.push(query.after.rank, query.after.rank, query.after.id);
  }
  return tx.em.execute<Row[]>(
    `select id as plugin_id, rank, publisher || '/' || name as id, title, description, type, category,
            latest_version, visibility, permission_names, is_signed, listed_at
       from (${ranked.sql}) as ranked ${conditions.length > 0 ? `where ${conditions.join(' and ')}` : ''}
      order by rank desc, ranked.id desc limit ?`,
    [...bindings, query.pageSize + 1],
  );
}

/** A facet leaves its own filter out, so that it shows where else one could go. */
async function countFacets(
  tx: Transaction,
  query: CheckedQuery,
): Promise<Pick<SearchPage, 'total' | 'facets'>> {
  const ranked = rankedSql(query);
  const active = [...query.filters.keys()];
  const marks = active.map((name) => `coalesce(${FILTER_SQL[name].holds}, false) as ok_${name}`);
  const others = (name?: Filter): string =>
    ['true', ...active.filter((other) => other !== name).map((other) => `ok_${other}`)].join(' and ');
  const counts = FILTERS.map(
    (name) => `(select '${name}' as facet, value, count(*)::int as count
      from matched, unnest(${FILTER_SQL[name].values}) as value
      where value is not null and ${others(name)} group by value order by count desc, value limit ${FACET_VALUES_MAX})`,
  );
  const rows = await tx.em.execute<{ facet: Filter | 'total'; value: string; count: number }[]>(
    `with matched as (select ${['*', ...marks].join(', ')} from (${ranked.sql}) as ranked)
     select 'total' as facet, '' as value, count(*)::int as count from matched where ${others()}
     union all ${counts.join(' union all ')}`,
    [...query.filters.values(), ...ranked.bindings],
  );
  const facetOf = (name: Filter): Facet =>
    rows.filter(({ facet }) => facet === name).map(({ value, count }) => ({ value, count }));
  return {
    total: rows.find(({ facet }) => facet === 'total')?.count ?? 0,
    facets: {
      type: facetOf('type'),
      category: facetOf('category'),
      publisher: facetOf('publisher'),
      permission: facetOf('permission'),
      signature: facetOf('signature'),
    },
  };
}

function toHit(row: Row): SearchHit {
  return {
    id: row.id,
    title: row.title,
    description: row.description ?? undefined,
    type: row.type ?? undefined,
    category: row.category ?? undefined,
    latestVersion: row.latest_version,
    visibility: row.visibility,
    permissions: row.permission_names,
    isSigned: row.is_signed,
    listedAt: new Date(row.listed_at),
  };
}
