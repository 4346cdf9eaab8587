import { ORG_ROLES, type OrgRole } from '../../identity/index.ts';
import type { GuestDescription, Installations } from '../../registry/installations/index.ts';
import type { Endpoint } from '../../spec/manifest.ts';
import { endpointsDocument, type ShownPlugin } from '../gateway/endpoint-openapi.ts';
import { roleNeeded } from '../gateway/gateway.ts';
import { route, type Route } from '../http/route.ts';
import type { Services } from '../services.ts';
import { Anything, NoQuery, OrgParams } from './schemas.ts';

export function orgOpenApiRoutes({ installations }: Services): Route[] {
  return [
    route({
      method: 'GET',
      path: '/api/v1/orgs/:org/openapi.json',
      tag: 'installations',
      summary: 'The endpoints of the active plugins, as an OpenAPI document: those that the caller may call.',
      access: { kind: 'org', role: 'member', scope: 'orgs:read' },
      params: OrgParams,
      query: NoQuery,
      body: 'none',
      answers: { 200: Anything },
      handle: async ({ caller: { org, role } }) => ({
        status: 200,
        json: endpointsDocument(org.slug, await shownPlugins(installations, org.id, role)),
      }),
    }),
  ];
}

async function shownPlugins(
  installations: Pick<Installations, 'list' | 'describeGuestOf'>,
  orgId: string,
  role: OrgRole,
): Promise<ShownPlugin[]> {
  const shown: ShownPlugin[] = [];
  for (const { plugin } of await installations.list(orgId)) {
    const found = await installations.describeGuestOf(orgId, plugin);
    if (found?.active !== 'yes') continue;
    const endpoints = found.endpoints.filter((endpoint) => mayCall(role, endpoint, found));
    const { id, version } = found.guest.plugin;
    if (endpoints.length > 0) shown.push({ id, version, endpoints });
  }
  return shown;
}

function mayCall(role: OrgRole, { access = 'member' }: Endpoint, { actions }: GuestDescription): boolean {
  if (access === 'public') return true;
  return ORG_ROLES.indexOf(role) <= ORG_ROLES.indexOf(roleNeeded(access, actions));
}
