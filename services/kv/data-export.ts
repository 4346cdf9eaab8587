/**
 * What one installation keeps, for the administrators of its organization: lines of JSON (media type
 * `application/x-ndjson`), one for each key, in the order of the keys' bytes:
 *
 *     {"key":"members/7","value":{"name":"Ada"}}
 *     {"key":"session","value":1,"expiresAt":"2026-06-01T10:00:00.000Z"}
 *
 * A value stands there as it was stored. What is written while it is read may be there or not, key by key.
 */
import { ReadableStream as NodeReadableStream } from 'node:stream/web';
import { appendAudit, type AuditActor, type Database } from '../../database/index.ts';
import { KV_LIMITS } from '../../spec/limits.ts';
import type { PluginId } from '../../spec/plugin-id.ts';
import { Refusal } from '../../spec/refusal.ts';
import type { KvNamespace } from '../../spec/host/kv.ts';

export type DataExport = {
  /**
   * Writes down who asked, and hands out the lines as they are read: a page at a time, when somebody takes it. Whoever
   * calls has made sure that it is an administrator.
   *
   * The stream breaks off, with Refusal `plugin_not_installed`, where the plugin is uninstalled meanwhile: nobody takes
   * a part for the whole.
   */
  open(
    actor: AuditActor,
    of: KvNamespace & { readonly plugin: PluginId },
  ): Promise<ReadableStream<Uint8Array>>;
};

export function openDataExport(database: Database): DataExport {
  return {
    open: async (actor, { plugin, ...namespace }) => {
      const scope = { kind: 'org', orgId: namespace.orgId } as const;
      await database.transaction(scope, (tx) =>
        appendAudit(tx, { scope, actor, action: 'installation.data-exported', subject: `plugin:${plugin}` }),
      );
      const stream: unknown = NodeReadableStream.from(linesOf(database, namespace));
      return stream as ReadableStream<Uint8Array>;
    },
  };
}

type Row = { key: string; value: string; expires_at: string | null };

async function* linesOf(database: Database, namespace: KvNamespace): AsyncGenerator<Uint8Array> {
  for (let after = ''; ;) {
    const rows = await readPage(database, namespace, after);
    const last = rows.at(-1);
    if (!last) return;
    yield Buffer.from(rows.map(lineOf).join(''), 'utf8');
    after = last.key;
  }
}

/** The value is JSON already, and reading it would lose what JavaScript's numbers cannot hold. */
function lineOf({ key, value, expires_at: expiresAt }: Row): string {
  const expiry = expiresAt === null ? '' : `,"expiresAt":${JSON.stringify(expiresAt)}`;
  return `{"key":${JSON.stringify(key)},"value":${value}${expiry}}\n`;
}

/** At least one row, where there is one after the key `after`; more while the values of those before are short enough. */
function readPage(database: Database, { orgId, installationId }: KvNamespace, after: string): Promise<Row[]> {
  return database.transaction({ kind: 'org', orgId }, async ({ em }) => {
    const rows = await em.execute<Row[]>(
      `select key, value, expires_at from (
         select key, value, to_char(expires_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as expires_at,
                sum(octet_length(value)) over (order by key) - octet_length(value) as bytes_before
           from (select key, value, expires_at from kv_entry
                  where org_id = ? and installation_id = ? and key > ? and (expires_at is null or expires_at > now())
                  order by key limit ?) entry) page
        where bytes_before < ? order by key`,
      [orgId, installationId, after, KV_LIMITS.listMax, KV_LIMITS.exportPageBytesMax],
    );
    // Asked after the rows were read: they were all there unless it is gone by now.
    const [installed] = await em.execute<unknown[]>('select 1 from installation where id = ?', [
      installationId,
    ]);
    if (installed) return rows;
    throw new Refusal('plugin_not_installed', {
      detail: 'The plugin was uninstalled while its data was read.',
    });
  });
}
