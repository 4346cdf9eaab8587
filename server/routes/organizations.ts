/** Organizations. Their members and publishers are in members.ts and publishers.ts. */
import { Type } from 'typebox';
import {
  actorOf,
  changeOrganization,
  createOrganization,
  listOrganizations,
  roleIn,
  type Organization,
} from '../../identity/index.ts';
import type { JsonObject } from '../../spec/json.ts';
import { Refusal } from '../../spec/refusal.ts';
import { toJson } from '../http/json-answer.ts';
import { pageOf } from '../http/page.ts';
import { route, type Route } from '../http/route.ts';
import type { Services } from '../services.ts';
import { Anything, NoParams, NoQuery, OrgParams, PageQuery, pageSchema, Time } from './schemas.ts';

const INSTANCE = { kind: 'instance' } as const;

const UnsignedPackages = Type.Union([Type.Literal('allow'), Type.Literal('refuse')]);
const Org = Type.Object({
  id: Type.String({ format: 'uuid' }),
  slug: Type.String(),
  name: Type.String(),
  unsignedPackages: UnsignedPackages,
  createdAt: Time,
});
/** With what became of each plugin that new organizations begin with. */
const MadeOrg = Type.Object({ ...Org.properties, defaults: Type.Array(Anything) });
const NewOrg = Type.Object(
  { slug: Type.String(), name: Type.String(), ownerId: Type.Optional(Type.String({ format: 'uuid' })) },
  { additionalProperties: false },
);
const OrgChange = Type.Object(
  { name: Type.Optional(Type.String()), unsignedPackages: Type.Optional(UnsignedPackages) },
  { additionalProperties: false, minProperties: 1 },
);

export function organizationRoutes(services: Services): Route[] {
  return [...instanceRoutes(services), ...orgRoutes(services)];
}

/** All organizations of the instance. */
function instanceRoutes({ database, installations }: Services): Route[] {
  const base = { tag: 'organizations', path: '/api/v1/orgs', params: NoParams } as const;
  return [
    route({
      ...base,
      method: 'POST',
      summary: 'Makes an organization; its first owner is who asks, unless another is named.',
      access: { kind: 'instance' },
      query: NoQuery,
      body: NewOrg,
      answers: { 201: MadeOrg },
      handle: async ({ caller: { principal }, body }) => {
        const { slug, name, ownerId = principal.id } = body;
        const org = await database.transaction(INSTANCE, (tx) =>
          createOrganization(tx, actorOf(principal), { slug, name, ownerId }),
        );
        const defaults = await installations.applyDefaults({ orgId: org.id, actor: actorOf(principal) });
        return { status: 201, json: { ...describeOrg(org), defaults: toJson(defaults) } };
      },
    }),
    route({
      ...base,
      method: 'GET',
      summary: 'The organizations that you are a member of.',
      access: { kind: 'signedIn', scope: 'orgs:read' },
      query: PageQuery,
      body: 'none',
      answers: { 200: pageSchema(Org) },
      handle: async ({ caller: { principal }, query }) => {
        const ids = [...principal.roles.keys()].filter((id) => roleIn(principal, id) !== undefined);
        const orgs = await database.transaction(INSTANCE, (tx) => listOrganizations(tx, ids));
        const options = { keyOf: slugOf, order: 'ascending', describe: describeOrg } as const;
        return { status: 200, json: pageOf(orgs, query, options) };
      },
    }),
  ];
}

/** One organization. */
function orgRoutes({ database }: Services): Route[] {
  const base = {
    tag: 'organizations',
    path: '/api/v1/orgs/:org',
    params: OrgParams,
    query: NoQuery,
    answers: { 200: Org },
  } as const;
  return [
    route({
      ...base,
      method: 'GET',
      summary: 'One organization.',
      access: { kind: 'org', role: 'member', scope: 'orgs:read' },
      body: 'none',
      handle: async ({ caller: { org } }) => {
        const [found] = await database.transaction({ kind: 'org', orgId: org.id }, (tx) =>
          listOrganizations(tx, [org.id]),
        );
        if (!found) throw new Refusal('not_found', { detail: 'There is no such organization.' });
        return { status: 200, json: describeOrg(found) };
      },
    }),
    route({
      ...base,
      method: 'PATCH',
      summary: 'Changes the name, or whether the private registry takes unsigned packages.',
      access: { kind: 'org', role: 'admin', scope: 'orgs:admin' },
      body: OrgChange,
      handle: async ({ caller: { principal, org }, body }) => {
        const scope = { kind: 'org', orgId: org.id } as const;
        const changed = await database.transaction(scope, (tx) =>
          changeOrganization(tx, actorOf(principal), org.id, body),
        );
        return { status: 200, json: describeOrg(changed) };
      },
    }),
  ];
}

const slugOf = ({ slug }: Organization): string => slug;

function describeOrg({ id, slug, name, unsignedPackages, createdAt }: Organization): JsonObject {
  return { id, slug, name, unsignedPackages, createdAt: createdAt.toISOString() };
}
