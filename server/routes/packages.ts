/** Publishing, and what an administrator of the instance decides of packages. */
import { Type } from 'typebox';
import { actorOf, findOrganization, type Principal } from '../../identity/index.ts';
import {
  grantPlugin,
  listGrants,
  listHeldVersions,
  reviewVersion,
  withdrawGrant,
} from '../../registry/catalogue/index.ts';
import { publishPackage, type Destination } from '../../registry/publishing/index.ts';
import { HTTP_LIMITS } from '../../spec/limits.ts';
import { Refusal } from '../../spec/refusal.ts';
import { packageAuthor } from '../author.ts';
import type { Upload } from '../http/body.ts';
import { toJson } from '../http/json-answer.ts';
import { pageOf } from '../http/page.ts';
import { route, type Answer, type Route } from '../http/route.ts';
import type { Services } from '../services.ts';
import { withdrawalRoutes } from './withdrawals.ts';
import {
  Anything,
  NoParams,
  NoQuery,
  OrgParams,
  PageQuery,
  pageSchema,
  PluginParams,
  VersionParams,
} from './schemas.ts';

const Publication = Type.Object(
  {
    outcome: Type.Union([Type.Literal('published'), Type.Literal('already_published')]),
    plugin: Type.String(),
    version: Type.String(),
    state: Type.String(),
    signature: Type.String(),
    archiveSha256: Type.String(),
  },
  { additionalProperties: true },
);

export function packageRoutes(services: Services): Route[] {
  return [
    ...publishRoutes(services),
    ...withdrawalRoutes(services),
    ...reviewRoutes(services),
    ...grantRoutes(services),
  ];
}

function publishRoutes(services: Services): Route[] {
  const base = {
    tag: 'packages',
    method: 'POST',
    query: NoQuery,
    body: 'upload',
    answers: { 200: Publication, 201: Publication },
  } as const;
  return [
    route({
      ...base,
      path: '/api/v1/packages',
      summary: 'Publishes a signed package for everyone.',
      access: { kind: 'signedIn', scope: 'packages:publish' },
      params: NoParams,
      handle: async ({ caller, body }) => publish(services, caller.principal, body, { kind: 'public' }),
    }),
    route({
      ...base,
      path: '/api/v1/orgs/:org/packages',
      summary: 'Publishes a package into the private registry of the organization.',
      access: { kind: 'org', role: 'member', scope: 'packages:publish' },
      params: OrgParams,
      handle: async ({ caller: { principal, org }, body }) => {
        const found = await services.database.transaction({ kind: 'instance' }, (tx) =>
          findOrganization(tx, org.slug),
        );
        const unsigned = found?.unsignedPackages ?? 'refuse';
        return publish(services, principal, body, { kind: 'private', orgId: org.id, unsigned });
      },
    }),
  ];
}

async function publish(
  services: Services,
  principal: Principal,
  upload: Upload,
  destination: Destination,
): Promise<Answer> {
  const author = packageAuthor(principal);
  const { archive, envelope } = upload;
  try {
    const publication = await publishPackage(services.publishing, {
      author,
      destination,
      archive,
      ...(envelope ? { envelope } : {}),
    });
    services.metrics.publishes.inc({ result: publication.state });
    return { status: publication.outcome === 'published' ? 201 : 200, json: toJson(publication) };
  } catch (error) {
    services.metrics.publishes.inc({ result: error instanceof Refusal ? error.code : 'internal_error' });
    throw error;
  }
}

function reviewRoutes(services: Services): Route[] {
  const ports = { database: services.database, now: services.publishing.now };
  const base = { tag: 'review', access: { kind: 'instance' }, query: NoQuery } as const;
  return [
    route({
      ...base,
      method: 'GET',
      path: '/api/v1/review',
      summary: 'Versions that wait for review.',
      params: NoParams,
      query: PageQuery,
      body: 'none',
      answers: { 200: pageSchema(Anything) },
      handle: async ({ query: { limit = HTTP_LIMITS.pageSizeDefault, cursor } }) => {
        const page = await listHeldVersions(services.database, { limit, cursor });
        return { status: 200, json: { items: toJson(page.versions), nextCursor: page.nextCursor } };
      },
    }),
    route({
      ...base,
      method: 'POST',
      path: '/api/v1/review/:publisher/:name/:version',
      summary: 'Approves or rejects a held version, once.',
      params: VersionParams,
      body: Type.Union([
        Type.Object({ kind: Type.Literal('approve') }, { additionalProperties: false }),
        Type.Object({ kind: Type.Literal('reject'), reason: Type.String() }, { additionalProperties: false }),
      ]),
      answers: { 200: Anything },
      handle: async ({ caller, params, body }) => {
        const actor = actorOf(caller.principal);
        const address = { id: `${params.publisher}/${params.name}`, version: params.version };
        return {
          status: 200,
          json: toJson(await reviewVersion(ports, { ...address, actor, decision: body })),
        };
      },
    }),
  ];
}

const OLDEST_FIRST = {
  keyOf: ({ grantedAt, orgId }: { grantedAt: Date; orgId: string }) => `${grantedAt.toISOString()} ${orgId}`,
  order: 'ascending',
  describe: toJson,
} as const;

function grantRoutes(services: Services): Route[] {
  const ports = { database: services.database, now: services.publishing.now };
  const base = { tag: 'review', access: { kind: 'instance' }, query: NoQuery, body: 'none' } as const;
  const GrantParams = Type.Object({ publisher: Type.String(), name: Type.String(), org: Type.String() });
  const path = '/api/v1/packages/:publisher/:name/grants';
  const orgIdOf = async (slug: string): Promise<string> => {
    const org = await services.database.transaction({ kind: 'instance' }, (tx) => findOrganization(tx, slug));
    if (!org) throw new Refusal('not_found', { detail: 'There is no such organization.' });
    return org.id;
  };
  return [
    route({
      ...base,
      method: 'GET',
      path,
      summary: 'The organizations that see a private plugin, beside its owner.',
      params: PluginParams,
      query: PageQuery,
      answers: { 200: pageSchema(Anything) },
      handle: async ({ params, query }) => ({
        status: 200,
        json: pageOf(await listGrants(ports, `${params.publisher}/${params.name}`), query, OLDEST_FIRST),
      }),
    }),
    route({
      ...base,
      method: 'PUT',
      path: `${path}/:org`,
      summary: 'Makes a private plugin visible to one more organization.',
      params: GrantParams,
      answers: { 204: null },
      handle: async ({ caller, params }) => {
        const orgId = await orgIdOf(params.org);
        await grantPlugin(ports, {
          id: `${params.publisher}/${params.name}`,
          orgId,
          actor: actorOf(caller.principal),
        });
        return { status: 204 };
      },
    }),
    route({
      ...base,
      method: 'DELETE',
      path: `${path}/:org`,
      summary: 'Takes that back.',
      params: GrantParams,
      answers: { 204: null },
      handle: async ({ caller, params }) => {
        const orgId = await orgIdOf(params.org);
        await withdrawGrant(ports, {
          id: `${params.publisher}/${params.name}`,
          orgId,
          actor: actorOf(caller.principal),
        });
        return { status: 204 };
      },
    }),
  ];
}
