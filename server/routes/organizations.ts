/** Organizations, their members and their publishers. */
import { Type } from 'typebox';
import {
  actorOf,
  addMember,
  changeMemberRole,
  changeOrganization,
  createOrganization,
  listMembers,
  listOrganizations,
  listPublishers,
  registerPublisher,
  removeMember,
  roleIn,
  type Membership,
  type Organization,
  type Publisher,
} from '../../identity/index.ts';
import type { JsonObject } from '../../spec/json.ts';
import { Refusal } from '../../spec/refusal.ts';
import { toJson } from '../http/json-answer.ts';
import { pageOf } from '../http/page.ts';
import { route, type Route } from '../http/route.ts';
import type { Services } from '../services.ts';
import { Anything, NoParams, NoQuery, OrgParams, PageQuery, pageSchema, Role, Time } from './schemas.ts';

const INSTANCE = { kind: 'instance' } as const;

const Org = Type.Object({
  id: Type.String({ format: 'uuid' }),
  slug: Type.String(),
  name: Type.String(),
  unsignedPackages: Type.Union([Type.Literal('allow'), Type.Literal('refuse')]),
  createdAt: Time,
});
/** With what became of each plugin that new organizations begin with. */
const MadeOrg = Type.Object({ ...Org.properties, defaults: Type.Array(Anything) });
const MEMBER_PAGES = {
  keyOf: ({ userId }: Membership) => userId,
  order: 'ascending',
  describe: ({ userId, role }: Membership) => ({ userId, role }),
} as const;
const PUBLISHER_PAGES = {
  keyOf: ({ name }: Publisher) => name,
  order: 'ascending',
  describe: ({ name }: Publisher) => ({ name }),
} as const;

export function organizationRoutes(services: Services): Route[] {
  return [...orgRoutes(services), ...memberRoutes(services)];
}

function orgRoutes({ database, installations }: Services): Route[] {
  return [
    route({
      method: 'POST',
      path: '/api/v1/orgs',
      tag: 'organizations',
      summary: 'Makes an organization; its first owner is who asks, unless another is named.',
      access: { kind: 'instance' },
      params: NoParams,
      query: NoQuery,
      body: Type.Object(
        { slug: Type.String(), name: Type.String(), ownerId: Type.Optional(Type.String({ format: 'uuid' })) },
        { additionalProperties: false },
      ),
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
      method: 'GET',
      path: '/api/v1/orgs',
      tag: 'organizations',
      summary: 'The organizations that you are a member of.',
      access: { kind: 'signedIn', scope: 'orgs:read' },
      params: NoParams,
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
    route({
      method: 'GET',
      path: '/api/v1/orgs/:org',
      tag: 'organizations',
      summary: 'One organization.',
      access: { kind: 'org', role: 'member', scope: 'orgs:read' },
      params: OrgParams,
      query: NoQuery,
      body: 'none',
      answers: { 200: Org },
      handle: async ({ caller: { org } }) => {
        const [found] = await database.transaction({ kind: 'org', orgId: org.id }, (tx) =>
          listOrganizations(tx, [org.id]),
        );
        if (!found) throw new Refusal('not_found', { detail: 'There is no such organization.' });
        return { status: 200, json: describeOrg(found) };
      },
    }),
    route({
      method: 'PATCH',
      path: '/api/v1/orgs/:org',
      tag: 'organizations',
      summary: 'Changes the name, or whether the private registry takes unsigned packages.',
      access: { kind: 'org', role: 'admin', scope: 'orgs:admin' },
      params: OrgParams,
      query: NoQuery,
      body: Type.Object(
        {
          name: Type.Optional(Type.String()),
          unsignedPackages: Type.Optional(Type.Union([Type.Literal('allow'), Type.Literal('refuse')])),
        },
        { additionalProperties: false, minProperties: 1 },
      ),
      answers: { 200: Org },
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

function memberRoutes({ database }: Services): Route[] {
  const admin = { kind: 'org', role: 'admin', scope: 'orgs:admin' } as const;
  const member = { kind: 'org', role: 'member', scope: 'orgs:read' } as const;
  const MemberParams = Type.Object({ org: Type.String(), user: Type.String() });
  const base = { tag: 'organizations', query: NoQuery } as const;
  return [
    route({
      ...base,
      method: 'GET',
      path: '/api/v1/orgs/:org/members',
      summary: 'Members and their roles.',
      access: member,
      params: OrgParams,
      body: 'none',
      query: PageQuery,
      answers: { 200: pageSchema(Type.Object({ userId: Type.String(), role: Role })) },
      handle: async ({ caller: { org }, query }) => {
        const members = await database.transaction({ kind: 'org', orgId: org.id }, (tx) =>
          listMembers(tx, org.id),
        );
        const sorted = members.toSorted((left, right) => (left.userId < right.userId ? -1 : 1));
        return { status: 200, json: pageOf(sorted, query, MEMBER_PAGES) };
      },
    }),
    route({
      ...base,
      method: 'PUT',
      path: '/api/v1/orgs/:org/members/:user',
      summary: 'Adds a member, or changes its role.',
      access: admin,
      params: MemberParams,
      body: Type.Object({ role: Role }, { additionalProperties: false }),
      answers: { 204: null },
      handle: async ({ caller: { principal, org, role }, params, body }) => {
        if (body.role === 'owner' && role !== 'owner') throw ownersOnly();
        const input = { orgId: org.id, userId: params.user, role: body.role };
        await database.transaction(INSTANCE, async (tx) => {
          const members = await listMembers(tx, org.id);
          const current = members.find(({ userId }) => userId === params.user);
          if (current?.role === 'owner' && role !== 'owner') throw ownersOnly();
          await (current
            ? changeMemberRole(tx, actorOf(principal), input)
            : addMember(tx, actorOf(principal), input));
        });
        return { status: 204 };
      },
    }),
    route({
      ...base,
      method: 'DELETE',
      path: '/api/v1/orgs/:org/members/:user',
      summary: 'Removes a member.',
      access: admin,
      params: MemberParams,
      body: 'none',
      answers: { 204: null },
      handle: async ({ caller: { principal, org, role }, params }) => {
        await database.transaction(INSTANCE, async (tx) => {
          const members = await listMembers(tx, org.id);
          if (
            members.some(({ userId, role: held }) => userId === params.user && held === 'owner') &&
            role !== 'owner'
          )
            throw ownersOnly();
          await removeMember(tx, actorOf(principal), { orgId: org.id, userId: params.user });
        });
        return { status: 204 };
      },
    }),
    route({
      ...base,
      method: 'GET',
      path: '/api/v1/orgs/:org/publishers',
      summary: 'The publishers that the organization owns.',
      access: member,
      params: OrgParams,
      body: 'none',
      query: PageQuery,
      answers: { 200: pageSchema(Type.Object({ name: Type.String() })) },
      handle: async ({ caller: { org }, query }) => {
        const publishers = await database.transaction({ kind: 'org', orgId: org.id }, (tx) =>
          listPublishers(tx, org.id),
        );
        return { status: 200, json: pageOf(publishers, query, PUBLISHER_PAGES) };
      },
    }),
    route({
      ...base,
      method: 'POST',
      path: '/api/v1/orgs/:org/publishers',
      summary: 'Registers a publisher for the organization, for ever.',
      access: admin,
      params: OrgParams,
      body: Type.Object({ name: Type.String() }, { additionalProperties: false }),
      answers: { 201: Type.Object({ name: Type.String() }) },
      handle: async ({ caller: { principal, org }, body }) => {
        const { name } = await database.transaction(INSTANCE, (tx) =>
          registerPublisher(tx, actorOf(principal), { name: body.name, orgId: org.id }),
        );
        return { status: 201, json: { name } };
      },
    }),
  ];
}

function ownersOnly(): Refusal {
  return new Refusal('role_missing', {
    detail: 'Only an owner makes or unmakes owners.',
    extensions: { role: 'owner' },
  });
}
