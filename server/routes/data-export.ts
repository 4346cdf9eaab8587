/** The data that a plugin keeps of an organization, for its administrators. */
import { actorOf } from '../../identity/index.ts';
import { route, type Route } from '../http/route.ts';
import type { Services } from '../services.ts';
import { InstalledParams, pluginOf } from './installed-plugin.ts';
import { NoQuery } from './schemas.ts';

const LINES = 'application/x-ndjson';

export function dataExportRoutes({ installations, dataExport }: Services): Route[] {
  return [
    route({
      method: 'GET',
      path: '/api/v1/orgs/:org/plugins/:publisher/:name/data',
      tag: 'installations',
      summary:
        'What the plugin keeps under keys, one line of JSON for each: key, value, and expiresAt where it has one. An answer that breaks off is not the whole.',
      access: { kind: 'org', role: 'admin', scope: 'orgs:admin' },
      // Each leaves an entry in the audit log.
      rate: 'write',
      params: InstalledParams,
      query: NoQuery,
      body: 'none',
      answers: { 200: LINES },
      handle: async ({ caller: { org, principal }, params }) => {
        const plugin = pluginOf(params);
        const { id: installationId } = await installations.read(org.id, plugin);
        const of = { orgId: org.id, installationId, plugin };
        return {
          status: 200,
          bytes: await dataExport.open(actorOf(principal), of),
          headers: headersFor(`${params.publisher}.${params.name}.ndjson`),
        };
      },
    }),
  ];
}

function headersFor(file: string): Record<string, string> {
  return {
    'content-type': LINES,
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    'content-disposition': `attachment; filename="${file}"`,
  };
}
