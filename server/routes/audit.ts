/** The audit log: who did what, and whether anybody changed what is written there. */
import { Type, type Static } from 'typebox';
import { listAudit, verifyAudit, type AuditAnchor, type Scope } from '../../database/index.ts';
import { HTTP_LIMITS } from '../../spec/limits.ts';
import { Refusal } from '../../spec/refusal.ts';
import { toJson } from '../http/json-answer.ts';
import { route, type Answer, type Route } from '../http/route.ts';
import type { Services } from '../services.ts';
import { NoParams, OrgParams, PageQuery, Time } from './schemas.ts';

const Entry = Type.Object({
  id: Type.String(),
  occurredAt: Time,
  actor: Type.Unknown(),
  action: Type.String(),
  subject: Type.String(),
  detail: Type.Unknown(),
  seal: Type.Optional(Type.Object({ position: Type.Integer(), hashHex: Type.String() })),
});
const Page = Type.Object({
  items: Type.Array(Entry),
  nextCursor: Type.Union([Type.String(), Type.Null()]),
});
const Verdict = Type.Union([
  Type.Object({
    kind: Type.Literal('intact'),
    length: Type.Integer(),
    headHashHex: Type.String(),
    unsealed: Type.Integer(),
  }),
  Type.Object({
    kind: Type.Literal('broken'),
    finding: Type.String(),
    position: Type.Integer(),
    entryId: Type.Optional(Type.String()),
    explanation: Type.String(),
  }),
]);

const ListQuery = Type.Object(
  { ...PageQuery.properties, action: Type.Optional(Type.String({ maxLength: 100 })) },
  { additionalProperties: false },
);
/** A place in the chain that was noted earlier: the chain must still pass through it. */
const AnchorQuery = Type.Object(
  {
    position: Type.Optional(Type.Integer({ minimum: 1 })),
    hash: Type.Optional(Type.String({ pattern: '^[0-9a-f]{64}$' })),
  },
  { additionalProperties: false },
);

const INSTANCE = { kind: 'instance' } as const;

export function auditRoutes(services: Services): Route[] {
  const base = { tag: 'audit', method: 'GET', body: 'none' } as const;
  const ofInstance = { ...base, access: { kind: 'instance' }, params: NoParams } as const;
  const ofOrg = {
    ...base,
    access: { kind: 'org', role: 'admin', scope: 'orgs:read' },
    params: OrgParams,
  } as const;
  return [
    route({
      ...ofInstance,
      path: '/api/v1/audit',
      summary: 'What was done to the instance, newest first.',
      query: ListQuery,
      answers: { 200: Page },
      handle: async ({ query }) => listPage(services, INSTANCE, query),
    }),
    route({
      ...ofInstance,
      path: '/api/v1/audit/verdict',
      summary: 'Whether the chain of the instance is what was sealed.',
      query: AnchorQuery,
      answers: { 200: Verdict },
      handle: async ({ query }) => verdictOf(services, INSTANCE, query),
    }),
    route({
      ...ofOrg,
      path: '/api/v1/orgs/:org/audit',
      summary: 'What was done in the organization, newest first.',
      query: ListQuery,
      answers: { 200: Page },
      handle: async ({ caller, query }) => listPage(services, { kind: 'org', orgId: caller.org.id }, query),
    }),
    route({
      ...ofOrg,
      path: '/api/v1/orgs/:org/audit/verdict',
      summary: 'Whether the chain of the organization is what was sealed.',
      query: AnchorQuery,
      answers: { 200: Verdict },
      handle: async ({ caller, query }) => verdictOf(services, { kind: 'org', orgId: caller.org.id }, query),
    }),
  ];
}

async function listPage(
  { database }: Services,
  scope: Scope,
  { limit = HTTP_LIMITS.pageSizeDefault, ...query }: Static<typeof ListQuery>,
): Promise<Answer> {
  const { entries, nextCursor } = await listAudit(database, scope, { ...query, pageSize: limit });
  return { status: 200, json: { items: toJson(entries), nextCursor: nextCursor ?? null } };
}

async function verdictOf(
  { database }: Services,
  scope: Scope,
  query: Static<typeof AnchorQuery>,
): Promise<Answer> {
  return { status: 200, json: toJson(await verifyAudit(database, scope, anchorOf(query))) };
}

function anchorOf({ position, hash }: Static<typeof AnchorQuery>): AuditAnchor | undefined {
  if (position !== undefined && hash !== undefined) return { position, hashHex: hash };
  if (position === undefined && hash === undefined) return undefined;
  throw new Refusal('request_invalid', { detail: 'position and hash go together: they name one place.' });
}
