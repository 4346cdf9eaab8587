/** The publishers that an organization owns. Their keys are in keys.ts. */
import { Type } from 'typebox';
import { actorOf, listPublishers, registerPublisher, type Publisher } from '../../identity/index.ts';
import { pageOf } from '../http/page.ts';
import { route, type Route } from '../http/route.ts';
import type { Services } from '../services.ts';
import { NoQuery, OrgParams, PageQuery, pageSchema } from './schemas.ts';

const Named = Type.Object({ name: Type.String() });
const PUBLISHER_PAGES = {
  keyOf: ({ name }: Publisher) => name,
  order: 'ascending',
  describe: ({ name }: Publisher) => ({ name }),
} as const;

export function publisherRoutes({ database }: Services): Route[] {
  const base = { tag: 'organizations', path: '/api/v1/orgs/:org/publishers', params: OrgParams } as const;
  return [
    route({
      ...base,
      method: 'GET',
      summary: 'The publishers that the organization owns.',
      access: { kind: 'org', role: 'member', scope: 'orgs:read' },
      body: 'none',
      query: PageQuery,
      answers: { 200: pageSchema(Named) },
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
      summary: 'Registers a publisher for the organization, for ever.',
      access: { kind: 'org', role: 'admin', scope: 'orgs:admin' },
      query: NoQuery,
      body: Type.Object({ name: Type.String() }, { additionalProperties: false }),
      answers: { 201: Named },
      handle: async ({ caller: { principal, org }, body }) => {
        const { name } = await database.transaction({ kind: 'instance' }, (tx) =>
          registerPublisher(tx, actorOf(principal), { name: body.name, orgId: org.id }),
        );
        return { status: 201, json: { name } };
      },
    }),
  ];
}
