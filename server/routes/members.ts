/** The members of an organization and their roles. */
import { Type } from 'typebox';
import {
  listMembers,
  removeMember,
  setMember,
  actorOf,
  type MemberEditor,
  type Membership,
  type OrgAccess,
} from '../../identity/index.ts';
import { pageOf } from '../http/page.ts';
import { route, type Route } from '../http/route.ts';
import type { Services } from '../services.ts';
import { NoQuery, OrgParams, PageQuery, pageSchema, Role } from './schemas.ts';

const INSTANCE = { kind: 'instance' } as const;
const ADMIN = { kind: 'org', role: 'admin', scope: 'orgs:admin' } as const;
const MemberParams = Type.Object({ org: Type.String(), user: Type.String() });
const Member = Type.Object({ userId: Type.String(), role: Role });
const MEMBER_PAGES = {
  keyOf: ({ userId }: Membership) => userId,
  order: 'ascending',
  describe: ({ userId, role }: Membership) => ({ userId, role }),
} as const;

export function memberRoutes({ database }: Services): Route[] {
  const base = { tag: 'organizations', query: NoQuery } as const;
  const path = '/api/v1/orgs/:org/members';
  return [
    route({
      ...base,
      method: 'GET',
      path,
      summary: 'Members and their roles.',
      access: { kind: 'org', role: 'member', scope: 'orgs:read' },
      params: OrgParams,
      body: 'none',
      query: PageQuery,
      answers: { 200: pageSchema(Member) },
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
      path: `${path}/:user`,
      summary: 'Adds a member, or changes its role.',
      access: ADMIN,
      params: MemberParams,
      body: Type.Object({ role: Role }, { additionalProperties: false }),
      answers: { 204: null },
      handle: async ({ caller, params, body }) => {
        const input = { orgId: caller.org.id, userId: params.user, role: body.role };
        await database.transaction(INSTANCE, (tx) => setMember(tx, editorOf(caller), input));
        return { status: 204 };
      },
    }),
    route({
      ...base,
      method: 'DELETE',
      path: `${path}/:user`,
      summary: 'Removes a member.',
      access: ADMIN,
      params: MemberParams,
      body: 'none',
      answers: { 204: null },
      handle: async ({ caller, params }) => {
        const member = { orgId: caller.org.id, userId: params.user };
        await database.transaction(INSTANCE, (tx) => removeMember(tx, editorOf(caller), member));
        return { status: 204 };
      },
    }),
  ];
}

function editorOf({ principal, role }: OrgAccess): MemberEditor {
  return { actor: actorOf(principal), role };
}
