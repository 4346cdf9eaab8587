/** Versions that are declared unsafe, and how far that reaches. */
import { Type } from 'typebox';
import type { Principal } from '../../identity/index.ts';
import { revokeVersion } from '../../registry/catalogue/index.ts';
import { splitPluginId } from '../../spec/plugin-id.ts';
import { keyAuthor } from '../author.ts';
import { toJson } from '../http/json-answer.ts';
import { route, type Route } from '../http/route.ts';
import type { Services } from '../services.ts';
import { actingAs, InstalledParams, pluginOf, words } from './installed-plugin.ts';
import { Anything, NoQuery, OrgParams, VersionParams } from './schemas.ts';

const closed = { additionalProperties: false } as const;

export function revocationRoutes(services: Services): Route[] {
  return [...publisherRoutes(services), ...policyRoutes(services)];
}

function publisherRoutes(services: Services): Route[] {
  const ports = { database: services.database, now: services.publishing.now };
  const base = {
    tag: 'packages',
    path: '/api/v1/packages/:publisher/:name/versions/:version/revocation',
    access: { kind: 'signedIn', scope: 'packages:publish' },
    params: VersionParams,
    query: NoQuery,
    answers: { 200: Anything },
  } as const;
  // As with keys: what stops in other organizations is an administrator's to decide.
  const authorOf = (principal: Principal) => keyAuthor(principal);
  return [
    route({
      ...base,
      method: 'GET',
      summary: 'How far a revocation would reach, without naming anybody. Changes nothing.',
      body: 'none',
      handle: async ({ caller, params }) => {
        const plugin = pluginOf(params);
        const { publisher } = splitPluginId(plugin);
        await services.database.transaction({ kind: 'instance' }, (tx) =>
          authorOf(caller.principal).requirePublisher(tx, publisher),
        );
        const reach = await services.installations.revocationReach(plugin, params.version);
        return { status: 200, json: toJson(reach) };
      },
    }),
    route({
      ...base,
      method: 'PUT',
      summary:
        'Declares a version unsafe, for good: it is offered to nobody, and organizations react by their policy.',
      body: Type.Object({ reason: Type.String() }, closed),
      handle: async ({ caller, params, body }) => {
        const address = { id: pluginOf(params), version: params.version };
        const author = authorOf(caller.principal);
        const revoked = await revokeVersion(ports, { author, ...address, ...body });
        await services.installations.enforceRevocations();
        return { status: 200, json: toJson(revoked) };
      },
    }),
  ];
}

function policyRoutes({ installations }: Services): Route[] {
  const admin = { kind: 'org', role: 'admin', scope: 'orgs:admin' } as const;
  const member = { kind: 'org', role: 'member', scope: 'orgs:read' } as const;
  const path = '/api/v1/orgs/:org/revocation-policy';
  const base = { tag: 'installations', query: NoQuery, answers: { 200: Anything } } as const;
  return [
    route({
      ...base,
      method: 'GET',
      path,
      summary:
        'What is done about unsafe versions, those that are installed, and what stops if they are deactivated.',
      access: member,
      params: OrgParams,
      body: 'none',
      handle: async ({ caller }) => ({
        status: 200,
        json: toJson(await installations.readRevocationPolicy(caller.org.id)),
      }),
    }),
    route({
      ...base,
      method: 'PUT',
      path,
      summary:
        'Decides what is done about unsafe versions: warn, block (not start them again) or deactivate.',
      access: admin,
      params: OrgParams,
      body: Type.Object({ reaction: words(['warn', 'block', 'deactivate']) }, closed),
      handle: async ({ caller, body }) => ({
        status: 200,
        json: toJson(await installations.setRevocationPolicy(actingAs(caller), body.reaction)),
      }),
    }),
    route({
      ...base,
      method: 'GET',
      path: '/api/v1/orgs/:org/plugins/:publisher/:name/blast-radius',
      summary: 'The endpoints, commands and dependants that stop when the plugin does. Changes nothing.',
      access: member,
      params: InstalledParams,
      body: 'none',
      handle: async ({ caller, params }) => ({
        status: 200,
        json: toJson(await installations.blastRadius(caller.org.id, pluginOf(params))),
      }),
    }),
  ];
}
