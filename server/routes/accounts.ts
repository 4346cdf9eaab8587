/** Who the caller is, and the users of the instance. Their tokens are in tokens.ts. */
import { Type } from 'typebox';
import {
  actorOf,
  createUser,
  listOrganizations,
  listUsers,
  roleIn,
  type Organization,
  type Principal,
  type User as UserRecord,
} from '../../identity/index.ts';
import type { JsonObject } from '../../spec/json.ts';
import { HTTP_LIMITS } from '../../spec/limits.ts';
import { route, type Route } from '../http/route.ts';
import type { Services } from '../services.ts';
import { NoParams, NoQuery, PageQuery, pageSchema, Time } from './schemas.ts';

const INSTANCE = { kind: 'instance' } as const;

const User = Type.Object({
  id: Type.String({ format: 'uuid' }),
  name: Type.String(),
  email: Type.Union([Type.String(), Type.Null()]),
  instanceRole: Type.String(),
  createdAt: Time,
});

export function accountRoutes({ database }: Services): Route[] {
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
