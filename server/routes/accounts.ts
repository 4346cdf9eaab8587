/** Who the caller is, users and their tokens. */
import { Type, type Static } from 'typebox';
import {
  actorOf,
  createUser,
  issueToken,
  issueTokenFor,
  listOrganizations,
  listTokens,
  listUsers,
  requireUnbound,
  requireUser,
  revokeToken,
  roleIn,
  TOKEN_SCOPES,
  type Organization,
  type Principal,
  type TokenRecord,
  type TokenRequest,
  type User as UserRecord,
} from '../../identity/index.ts';
import type { JsonObject } from '../../spec/json.ts';
import { HTTP_LIMITS } from '../../spec/limits.ts';
import { pageOf } from '../http/page.ts';
import { route, type Route } from '../http/route.ts';
import type { Services } from '../services.ts';
import { NoParams, NoQuery, PageQuery, pageSchema, Time } from './schemas.ts';

const INSTANCE = { kind: 'instance' } as const;
const DAY_MS = 86_400_000;

const IdParams = Type.Object({ id: Type.String() });
const User = Type.Object({
  id: Type.String({ format: 'uuid' }),
  name: Type.String(),
  email: Type.Union([Type.String(), Type.Null()]),
  instanceRole: Type.String(),
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

/** Ids begin with their time, so the newest token has the greatest. */
const TOKEN_PAGES = {
  keyOf: (token: TokenRecord) => token.id,
  order: 'descending',
  describe: describeToken,
} as const;

export function accountRoutes(services: Services): Route[] {
  return [...callerRoutes(services), ...tokenRoutes(services)];
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
      method: 'GET',
      path: '/api/v1/users',
      tag: 'identity',
      summary: 'Every user of the instance, oldest first.',
      access: { kind: 'instance' },
      params: NoParams,
      query: PageQuery,
      body: 'none',
      answers: { 200: pageSchema(User) },
      handle: async ({ query: { limit = HTTP_LIMITS.pageSizeDefault, cursor } }) => {
        const page = await database.transaction(INSTANCE, (tx) => listUsers(tx, { limit, cursor }));
        return { status: 200, json: { items: page.users.map(describeUser), nextCursor: page.nextCursor } };
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

function describeUser({ id, name, email, instanceRole, createdAt }: UserRecord): JsonObject {
  return { id, name, email: email ?? null, instanceRole, createdAt: createdAt.toISOString() };
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
      params: IdParams,
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
      query: PageQuery,
      body: 'none',
      answers: { 200: pageSchema(Token) },
      handle: async ({ caller: { principal }, query }) => {
        const tokens = await database.transaction(INSTANCE, (tx) => listTokens(tx, principal.id));
        return { status: 200, json: pageOf(tokens, query, TOKEN_PAGES) };
      },
    }),
    route({
      ...base,
      access: { kind: 'instance' },
      method: 'GET',
      path: '/api/v1/users/:id/tokens',
      summary: 'The tokens of a user, newest first.',
      params: IdParams,
      query: PageQuery,
      body: 'none',
      answers: { 200: pageSchema(Token) },
      handle: async ({ params, query }) => {
        const tokens = await database.transaction(INSTANCE, async (tx) => {
          await requireUser(tx, params.id);
          return listTokens(tx, params.id);
        });
        return { status: 200, json: pageOf(tokens, query, TOKEN_PAGES) };
      },
    }),
    route({
      ...base,
      access: { kind: 'instance' },
      method: 'DELETE',
      path: '/api/v1/users/:id/tokens/:token',
      summary: 'Revokes a token of a user for good.',
      params: Type.Object({ id: Type.String(), token: Type.String() }),
      body: 'none',
      answers: { 204: null },
      handle: async ({ caller: { principal }, params }) => {
        const target = { tokenId: params.token, userId: params.id };
        await database.transaction(INSTANCE, (tx) => revokeToken(tx, actorOf(principal), target));
        return { status: 204 };
      },
    }),
    route({
      ...base,
      method: 'DELETE',
      path: '/api/v1/tokens/:id',
      summary: 'Revokes a token for good.',
      params: IdParams,
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
