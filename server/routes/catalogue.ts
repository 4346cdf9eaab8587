/** The catalogue: search, pages, and the bytes of versions. */
import { Type, type Static } from 'typebox';
import { isInstanceAdmin, requireOrgRole, findOrganization, type Principal } from '../../identity/index.ts';
import {
  describePlugin,
  describeVersion,
  listFiles,
  openArchive,
  readEnvelope,
  searchPlugins,
  type VersionAddress,
  type Viewer,
} from '../../registry/catalogue/index.ts';
import { PERMISSION_CATALOGUE, describePermission } from '../../spec/permission.ts';
import { Refusal } from '../../spec/refusal.ts';
import { toJson } from '../http/json-answer.ts';
import { route, type Route } from '../http/route.ts';
import { ARCHIVE_PATH, archiveHeaders } from '../http/archive-answer.ts';
import { archiveKey, type CachedArchive } from '../runtime/archive-cache.ts';
import type { Services } from '../services.ts';
import { Anything, NoParams, PluginParams, VersionParams } from './schemas.ts';

const text = Type.Optional(Type.String());
/** `org`: browse as this organization, which sees its private plugins too. */
const Look = Type.Object({ org: text }, { additionalProperties: false });
const Search = Type.Object(
  {
    q: text,
    type: text,
    category: text,
    publisher: text,
    permission: text,
    signature: text,
    limit: Type.Optional(Type.Integer()),
    cursor: text,
    org: text,
  },
  { additionalProperties: false },
);

export function catalogueRoutes(services: Services): Route[] {
  return [...pluginRoutes(services), ...versionRoutes(services), ...byteRoutes(services)];
}

const BASE = { tag: 'catalogue', access: { kind: 'open' }, method: 'GET', body: 'none' } as const;
const VERSION_PATH = '/api/v1/packages/:publisher/:name/versions/:version';

function pluginRoutes(services: Services): Route[] {
  const { database } = services;
  const base = { ...BASE, answers: { 200: Anything } } as const;
  return [
    route({
      ...base,
      path: '/api/v1/packages',
      summary: 'Searches the catalogue; newest first, or by words the best match first.',
      params: NoParams,
      query: Search,
      handle: async ({ caller, query: { q, limit, org, ...filters } }) => {
        const viewer = await viewerOf(services, caller.principal, org);
        const query = {
          ...filters,
          ...(q === undefined ? {} : { text: q }),
          ...(limit === undefined ? {} : { pageSize: limit }),
        };
        const { hits, nextCursor, ...rest } = await searchPlugins(database, viewer, query);
        return { status: 200, json: toJson({ items: hits, nextCursor: nextCursor ?? null, ...rest }) };
      },
    }),
    route({
      ...base,
      path: '/api/v1/packages/:publisher/:name',
      summary: 'One plugin with its versions, newest first.',
      params: PluginParams,
      query: Look,
      handle: async ({ caller, params, query }) => {
        const viewer = await viewerOf(services, caller.principal, query.org);
        return {
          status: 200,
          json: toJson(await describePlugin(database, viewer, `${params.publisher}/${params.name}`)),
        };
      },
    }),
  ];
}

function versionRoutes(services: Services): Route[] {
  const { database } = services;
  const base = { ...BASE, params: VersionParams, query: Look, answers: { 200: Anything } } as const;
  return [
    route({
      ...base,
      path: VERSION_PATH,
      summary: 'One version: manifest, signature, and its permissions in plain words.',
      handle: async ({ caller, params, query }) => {
        const viewer = await viewerOf(services, caller.principal, query.org);
        const { id, version } = addressOf(params);
        const described = await describeVersion(database, viewer, id, version);
        const permissions = (described.manifest.permissions ?? []).map((permission) => ({
          ...permission,
          risk: PERMISSION_CATALOGUE[permission.name].risk,
          sentence: describePermission(permission),
        }));
        return { status: 200, json: toJson({ ...described, permissions }) };
      },
    }),
    route({
      ...base,
      path: `${VERSION_PATH}/manifest`,
      summary: 'The manifest.',
      handle: async ({ caller, params, query }) => {
        const viewer = await viewerOf(services, caller.principal, query.org);
        const { id, version } = addressOf(params);
        return { status: 200, json: toJson((await describeVersion(database, viewer, id, version)).manifest) };
      },
    }),
    route({
      ...base,
      path: `${VERSION_PATH}/files`,
      summary: 'Every file with its size and SHA-256.',
      handle: async ({ caller, params, query }) => {
        const viewer = await viewerOf(services, caller.principal, query.org);
        const { id, version } = addressOf(params);
        return { status: 200, json: { items: toJson(await listFiles(database, viewer, id, version)) } };
      },
    }),
  ];
}

function byteRoutes(services: Services): Route[] {
  const base = { ...BASE, params: VersionParams, query: Look } as const;
  return [
    route({
      ...base,
      path: ARCHIVE_PATH,
      rate: 'unlimited',
      summary: 'The archive, byte for byte as it was published.',
      answers: { 200: 'application/zip' },
      handle: async ({ caller, params, query }) => {
        const viewer = await viewerOf(services, caller.principal, query.org);
        const archive = await archiveFor(services, viewer, params);
        const audience = viewer.kind === 'anonymous' ? 'anyone' : 'viewer';
        const headers = archiveHeaders(archive, params, audience);
        const length = { 'content-length': String(archive.bytes) };
        return { status: 200, bytes: archive.content, headers: { ...length, ...headers } };
      },
    }),
    route({
      ...base,
      path: `${VERSION_PATH}/envelope`,
      summary: 'The DSSE envelope, byte for byte.',
      answers: { 200: 'application/vnd.dsse+json' },
      handle: async ({ caller, params, query }) => {
        const viewer = await viewerOf(services, caller.principal, query.org);
        const { id, version } = addressOf(params);
        const bytes = await readEnvelope(services.database, viewer, id, version);
        return {
          status: 200,
          bytes,
          headers: { 'content-type': 'application/vnd.dsse+json', 'cache-control': 'private, no-cache' },
        };
      },
    }),
  ];
}

/** What anybody may see is kept in memory for a moment; what an organization sees alone is read each time. */
async function archiveFor(
  services: Services,
  viewer: Viewer,
  params: Static<typeof VersionParams>,
): Promise<CachedArchive> {
  const open = (): ReturnType<typeof openArchive> => openArchive(services, viewer, addressOf(params));
  const { publisher, name, version } = params;
  if (viewer.kind === 'anonymous') return services.archives.get(archiveKey(publisher, name, version), open);
  const { stream, ...archive } = await open();
  return { ...archive, content: stream };
}

function addressOf(params: Static<typeof VersionParams>): VersionAddress {
  return { id: `${params.publisher}/${params.name}`, version: params.version };
}

/** @throws Refusal `authentication_required` or `not_found` for an org that the caller may not look for */
async function viewerOf(
  { database }: Services,
  principal: Principal | null,
  slug: string | undefined,
): Promise<Viewer> {
  if (slug === undefined) {
    return isInstanceAdmin(principal) ? { kind: 'instance' } : { kind: 'anonymous' };
  }
  if (!principal)
    throw new Refusal('authentication_required', {
      detail: 'Only members may browse the catalogue as an organization.',
    });
  const org = await database.transaction({ kind: 'instance' }, (tx) => findOrganization(tx, slug));
  const { org: found } = requireOrgRole(principal, org, 'member');
  return { kind: 'org', orgId: found.id };
}
