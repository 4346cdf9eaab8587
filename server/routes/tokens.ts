/** Tokens: the caller's own, and those that administrators of the instance issue to other users. */
import { Type, type Static } from 'typebox';
import {
  actorOf,
  issueToken,
  issueTokenFor,
  listTokens,
  requireUnbound,
  requireUser,
  revokeToken,
  TOKEN_SCOPES,
  type IssuedToken,
  type TokenRecord,
  type TokenRequest,
} from '../../identity/index.ts';
import type { JsonObject } from '../../spec/json.ts';
import { toJson } from '../http/json-answer.ts';
import { pageOf } from '../http/page.ts';
import { route, type Answer, type Route } from '../http/route.ts';
import type { Services } from '../services.ts';
import { NoParams, NoQuery, PageQuery, pageSchema, Time } from './schemas.ts';

const INSTANCE = { kind: 'instance' } as const;
const DAY_MS = 86_400_000;
const LIFETIME_DAYS_DEFAULT = 90;

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
const Issued = Type.Object({ secret: Type.String(), token: Token });

/** Ids begin with their time, so the newest token has the greatest. */
const TOKEN_PAGES = {
  keyOf: (token: TokenRecord) => token.id,
  order: 'descending',
  describe: describeToken,
} as const;

export function tokenRoutes(services: Services): Route[] {
  return [...ownTokenRoutes(services), ...userTokenRoutes(services)];
}

function ownTokenRoutes({ database }: Services): Route[] {
  const base = {
    tag: 'identity',
    access: { kind: 'signedIn', scope: 'tokens:manage' },
    params: NoParams,
    query: NoQuery,
    body: 'none',
  } as const;
  const path = '/api/v1/tokens';
  return [
    route({
      ...base,
      method: 'POST',
      path,
      summary: 'Issues a token, which can do no more than the one that asks. The secret is shown once.',
      body: NewToken,
      answers: { 201: Issued },
      handle: async ({ caller: { principal }, body }) =>
        issued(await database.transaction(INSTANCE, (tx) => issueToken(tx, principal, tokenRequest(body)))),
    }),
    route({
      ...base,
      method: 'GET',
      path,
      summary: 'Your tokens, newest first.',
      query: PageQuery,
      answers: { 200: pageSchema(Token) },
      handle: async ({ caller: { principal }, query }) => {
        const tokens = await database.transaction(INSTANCE, (tx) => listTokens(tx, principal.id));
        return { status: 200, json: pageOf(tokens, query, TOKEN_PAGES) };
      },
    }),
    route({
      ...base,
      method: 'DELETE',
      path: `${path}/:id`,
      summary: 'Revokes a token for good.',
      params: Type.Object({ id: Type.String() }),
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

function userTokenRoutes({ database }: Services): Route[] {
  const base = {
    tag: 'identity',
    access: { kind: 'instance' },
    params: Type.Object({ id: Type.String() }),
    query: NoQuery,
    body: 'none',
  } as const;
  const path = '/api/v1/users/:id/tokens';
  return [
    route({
      ...base,
      method: 'POST',
      path,
      summary: 'Issues a token to another user. The secret is shown once.',
      body: NewToken,
      answers: { 201: Issued },
      handle: async ({ caller, params, body }) =>
        issued(
          await database.transaction(INSTANCE, (tx) =>
            issueTokenFor(tx, caller, params.id, tokenRequest(body)),
          ),
        ),
    }),
    route({
      ...base,
      method: 'GET',
      path,
      summary: 'The tokens of a user, newest first.',
      query: PageQuery,
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
      method: 'DELETE',
      path: `${path}/:token`,
      summary: 'Revokes a token of a user for good.',
      params: Type.Object({ id: Type.String(), token: Type.String() }),
      answers: { 204: null },
      handle: async ({ caller: { principal }, params }) => {
        const target = { tokenId: params.token, userId: params.id };
        await database.transaction(INSTANCE, (tx) => revokeToken(tx, actorOf(principal), target));
        return { status: 204 };
      },
    }),
  ];
}

function tokenRequest({ expiresAt, ...request }: Static<typeof NewToken>): TokenRequest {
  return {
    ...request,
    expiresAt:
      expiresAt === undefined ? new Date(Date.now() + LIFETIME_DAYS_DEFAULT * DAY_MS) : new Date(expiresAt),
  };
}

function issued({ secret, token }: IssuedToken): Answer {
  return { status: 201, json: { secret, token: describeToken(token) } };
}

function describeToken(token: TokenRecord): JsonObject {
  return toJson(token) as JsonObject;
}
