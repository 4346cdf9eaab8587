/** What an author withdraws of a version that was published, or takes back: yanking and deprecation. */
import { Type, type Static } from 'typebox';
import type { Principal } from '../../identity/index.ts';
import {
  deprecateVersion,
  undeprecateVersion,
  unyankVersion,
  yankVersion,
  type CataloguePorts,
} from '../../registry/catalogue/index.ts';
import { packageAuthor } from '../author.ts';
import { toJson } from '../http/json-answer.ts';
import { route, type Route } from '../http/route.ts';
import type { Services } from '../services.ts';
import { Anything, NoQuery, VersionParams } from './schemas.ts';

const BASE = {
  tag: 'packages',
  access: { kind: 'signedIn', scope: 'packages:publish' },
  params: VersionParams,
  query: NoQuery,
  answers: { 200: Anything },
} as const;
const VERSION_PATH = '/api/v1/packages/:publisher/:name/versions/:version';

const Reason = Type.Object({ reason: Type.String() }, { additionalProperties: false });
const Deprecation = Type.Object(
  { reason: Type.String(), replacement: Type.Optional(Type.String()) },
  { additionalProperties: false },
);

export function withdrawalRoutes(services: Services): Route[] {
  return [...yankRoutes(services), ...deprecationRoutes(services)];
}

function yankRoutes(services: Services): Route[] {
  const ports = portsOf(services);
  const base = { ...BASE, path: `${VERSION_PATH}/yank` } as const;
  return [
    route({
      ...base,
      method: 'PUT',
      summary: 'Hides a version from new resolutions; who has it keeps it.',
      body: Reason,
      handle: async ({ caller, params, body }) => ({
        status: 200,
        json: toJson(await yankVersion(ports, { ...targetOf(services, caller.principal, params), ...body })),
      }),
    }),
    route({
      ...base,
      method: 'DELETE',
      summary: 'Offers a yanked version again.',
      body: 'none',
      handle: async ({ caller, params }) => ({
        status: 200,
        json: toJson(await unyankVersion(ports, targetOf(services, caller.principal, params))),
      }),
    }),
  ];
}

function deprecationRoutes(services: Services): Route[] {
  const ports = portsOf(services);
  const base = { ...BASE, path: `${VERSION_PATH}/deprecation` } as const;
  return [
    route({
      ...base,
      method: 'PUT',
      summary: 'Advises against a version, and names a replacement.',
      body: Deprecation,
      handle: async ({ caller, params, body }) => ({
        status: 200,
        json: toJson(
          await deprecateVersion(ports, { ...targetOf(services, caller.principal, params), ...body }),
        ),
      }),
    }),
    route({
      ...base,
      method: 'DELETE',
      summary: 'Takes the advice back.',
      body: 'none',
      handle: async ({ caller, params }) => ({
        status: 200,
        json: toJson(await undeprecateVersion(ports, targetOf(services, caller.principal, params))),
      }),
    }),
  ];
}

function portsOf({ database, publishing }: Services): CataloguePorts {
  return { database, now: publishing.now };
}

function targetOf(services: Services, principal: Principal, params: Static<typeof VersionParams>) {
  return {
    author: packageAuthor(principal),
    id: `${params.publisher}/${params.name}`,
    version: params.version,
  };
}
