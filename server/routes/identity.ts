/** Who is who: the caller, tokens, users, organizations, members, publishers. */
import { Type, type Static } from 'typebox';
import {
  actorOf,
  addMember,
  changeMemberRole,
  changeOrganization,
  createOrganization,
  createUser,
  issueToken,
  issueTokenFor,
  listMembers,
  listOrganizations,
  listPublishers,
  listTokens,
  registerPublisher,
  removeMember,
  requireUnbound,
  revokeToken,
  roleIn,
  TOKEN_SCOPES,
  type Organization,
  type Principal,
  type TokenRecord,
  type TokenRequest,
} from '../../identity/index.ts';
import type { JsonObject } from '../../spec/json.ts';
import { Refusal } from '../../spec/refusal.ts';
import { route, type Route } from '../http/route.ts';
import type { Services } from '../services.ts';
import { NoParams, NoQuery, OrgParams, Role, Time } from './schemas.ts';

const INSTANCE = { kind: 'instance' } as const;
const DAY_MS = 86_400_000;

const Org = Type.Object({
  id: Type.String({ format: 'uuid' }),
  slug: Type.String(),
  name: Type.String(),
  unsignedPackages: Type.Union([Type.Literal('allow'), Type.Literal('refuse')]),
  createdAt: Time,
});
const NewToken = Type.Object(
  {
    name: Type.String(),
    scopes: Type.Array(Type.String(), { description: Object.keys(TOKEN_SCOPES).join(', ') }),
    orgId: Type.Optional(Type.String({ format: 'uuid' })),
    expiresAt: Type.Optional(Time),
  },
  { additionalProperties: false },
);
const Token = Type.Object(
  { id: Type.String(), name: Type.String(), scopes: Type.Array(Type.String()) },
  { additionalProperties: true },
);

export function identityRoutes(services: Services): Route[] {
  return [
    ...callerRoutes(services),
    ...tokenRoutes(services),
    ...orgRoutes(services),
    ...memberRoutes(services),
  ];
}

function callerRoutes({ database }: Services): Route[] {
  return [
    route({
      method: 'GET',
      path: '/api/v1/me',
      tag: 'identity',
      summary: 'Who the token belongs to, and what it may do.',
      access: { kind: 'signedIn', scope: null },
      params: NoParams,
      query: NoQuery,
      body: 'none',
      answers: { 200: Type.Object({}, { additionalProperties: true }) },
      handle: async ({ caller: { principal } }) => {
        const orgs = await database.transaction(INSTANCE, (tx) =>
          listOrganizations(tx, [...principal.roles.keys()]),
        );
        return { status: 200, json: describePrincipal(principal, orgs) };
      },
    }),
    route({
      method: 'POST',
      path: '/api/v1/users',
      tag: 'identity',
      summary: 'Makes a user. Give it a token with POST /api/v1/users/{id}/tokens.',
      access: { kind: 'instance' },
      params: NoParams,
      query: NoQuery,
      body: Type.Object(
        { name: Type.String(), email: Type.Optional(Type.String()) },
        { additionalProperties: false },
      ),
      answers: { 201: Type.Object({ id: Type.String(), name: Type.String() }) },
      handle: async ({ caller, body }) => {
        const user = await database.transaction(INSTANCE, (tx) =>
          createUser(tx, actorOf(caller.principal), body),
        );
        return { status: 201, json: { id: user.id, name: user.name } };
      },
    }),
  ];
}

function describePrincipal(principal: Principal, orgs: readonly Organization[]): JsonObject {
  return {
    user: { id: principal.id, name: principal.name, instanceRole: principal.instanceRole },
    token: { id: principal.tokenId, scopes: [...principal.scopes], boundOrgId: principal.boundOrgId ?? null },
    orgs: orgs.map(({ id, slug, name }) => ({ id, slug, name, role: roleIn(principal, id) ?? null })),
  };
}

function tokenRoutes({ database }: Services): Route[] {
  const base = {
    tag: 'identity',
    access: { kind: 'signedIn', scope: 'tokens:manage' },
    query: NoQuery,
  } as const;
  return [
    route({
      ...base,
      method: 'POST',
      path: '/api/v1/tokens',
      summary: 'Issues a token, which can do no more than the one that asks. The secret is shown once.',
      params: NoParams,
      body: NewToken,
      answers: { 201: Type.Object({ secret: Type.String(), token: Token }) },
      handle: async ({ caller: { principal }, body }) => {
        const issued = await database.transaction(INSTANCE, (tx) =>
          issueToken(tx, principal, tokenRequest(body)),
        );
        return { status: 201, json: { secret: issued.secret, token: describeToken(issued.token) } };
      },
    }),
    route({
      ...base,
      access: { kind: 'instance' },
      method: 'POST',
      path: '/api/v1/users/:id/tokens',
      summary: 'Issues a token to another user. The secret is shown once.',
      params: Type.Object({ id: Type.String() }),
      body: NewToken,
      answers: { 201: Type.Object({ secret: Type.String(), token: Token }) },
      handle: async ({ caller, params, body }) => {
        const issued = await database.transaction(INSTANCE, (tx) =>
          issueTokenFor(tx, caller, params.id, tokenRequest(body)),
        );
        return { status: 201, json: { secret: issued.secret, token: describeToken(issued.token) } };
      },
    }),
    route({
      ...base,
      method: 'GET',
      path: '/api/v1/tokens',
      summary: 'Your tokens, newest first.',
      params: NoParams,
      body: 'none',
      answers: { 200: Type.Object({ items: Type.Array(Token) }) },
      handle: async ({ caller: { principal } }) => {
        const tokens = await database.transaction(INSTANCE, (tx) => listTokens(tx, principal.id));
        return { status: 200, json: { items: tokens.map(describeToken) } };
      },
    }),
    route({
      ...base,
      method: 'DELETE',
      path: '/api/v1/tokens/:id',
      summary: 'Revokes a token for good.',
      params: Type.Object({ id: Type.String() }),
      body: 'none',
      answers: { 204: null },
      handle: async ({ caller: { principal }, params }) => {
        requireUnbound(principal);
        const target = { tokenId: params.id, userId: principal.id };
        await database.transaction(INSTANCE, (tx) => revokeToken(tx, actorOf(principal), target));
        return { status: 204 };
      },
    }),
  ];
}

/** Ninety days where the request does not say. */
function tokenRequest({ expiresAt, ...request }: Static<typeof NewToken>): TokenRequest {
  return {
    ...request,
    expiresAt: expiresAt === undefined ? new Date(Date.now() + 90 * DAY_MS) : new Date(expiresAt),
  };
}

function describeToken(token: TokenRecord): JsonObject {
  return JSON.parse(JSON.stringify(token)) as JsonObject;
}

function orgRoutes({ database }: Services): Route[] {
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
      answers: { 201: Org },
      handle: async ({ caller: { principal }, body }) => {
        const { slug, name, ownerId = principal.id } = body;
        const org = await database.transaction(INSTANCE, (tx) =>
          createOrganization(tx, actorOf(principal), { slug, name, ownerId }),
        );
        return { status: 201, json: describeOrg(org) };
      },
    }),
    route({
      method: 'GET',
      path: '/api/v1/orgs',
      tag: 'organizations',
      summary: 'The organizations that you are a member of.',
      access: { kind: 'signedIn', scope: 'orgs:read' },
      params: NoParams,
      query: NoQuery,
      body: 'none',
      answers: { 200: Type.Object({ items: Type.Array(Org) }) },
      handle: async ({ caller: { principal } }) => {
        const ids = [...principal.roles.keys()].filter((id) => roleIn(principal, id) !== undefined);
        const orgs = await database.transaction(INSTANCE, (tx) => listOrganizations(tx, ids));
        return { status: 200, json: { items: orgs.map(describeOrg) } };
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
      answers: {
        200: Type.Object({ items: Type.Array(Type.Object({ userId: Type.String(), role: Role })) }),
      },
      handle: async ({ caller: { org } }) => {
        const members = await database.transaction({ kind: 'org', orgId: org.id }, (tx) =>
          listMembers(tx, org.id),
        );
        return { status: 200, json: { items: members.map(({ userId, role }) => ({ userId, role })) } };
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
      answers: { 200: Type.Object({ items: Type.Array(Type.Object({ name: Type.String() })) }) },
      handle: async ({ caller: { org } }) => {
        const publishers = await database.transaction({ kind: 'org', orgId: org.id }, (tx) =>
          listPublishers(tx, org.id),
        );
        return { status: 200, json: { items: publishers.map(({ name }) => ({ name })) } };
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
