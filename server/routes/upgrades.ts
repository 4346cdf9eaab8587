/** Upgrades in one step, and those that wait for consent. */
import { Type } from 'typebox';
import type { Consent } from '../../registry/installations/index.ts';
import { toJson } from '../http/json-answer.ts';
import { route, type Route } from '../http/route.ts';
import type { Services } from '../services.ts';
import { actingAs, ConsentBody, InstalledParams, pluginOf } from './installed-plugin.ts';
import { Anything, NoQuery } from './schemas.ts';

const path = '/api/v1/orgs/:org/plugins/:publisher/:name';
const closed = { additionalProperties: false } as const;

export function upgradeRoutes({ installations }: Services): Route[] {
  const base = {
    tag: 'installations',
    query: NoQuery,
    access: { kind: 'org', role: 'admin', scope: 'orgs:admin' },
    params: InstalledParams,
  } as const;
  return [
    route({
      ...base,
      method: 'POST',
      path: `${path}/upgrade`,
      summary: 'Upgrades where nothing new is asked for (200); else the upgrade waits for consent (202).',
      body: Type.Object({ range: Type.Optional(Type.String()) }, { ...closed, default: {} }),
      answers: { 200: Anything, 202: Anything },
      handle: async ({ caller, params, body }) => {
        const outcome = await installations.requestUpgrade(actingAs(caller), pluginOf(params), body.range);
        return { status: outcome.kind === 'pending' ? 202 : 200, json: toJson(outcome) };
      },
    }),
    route({
      ...base,
      method: 'POST',
      path: `${path}/pending-upgrade`,
      summary: 'Consents to the upgrade that waits, and applies it.',
      body: Type.Object({ consent: ConsentBody }, closed),
      answers: { 200: Anything },
      handle: async ({ caller, params, body }) => {
        const consent = body.consent as Consent;
        const view = await installations.acceptUpgrade(actingAs(caller), pluginOf(params), consent);
        return { status: 200, json: toJson(view) };
      },
    }),
    route({
      ...base,
      method: 'DELETE',
      path: `${path}/pending-upgrade`,
      summary: 'Declines the upgrade that waits; the version in place stays.',
      body: 'none',
      answers: { 204: null },
      handle: async ({ caller, params }) => {
        await installations.declineUpgrade(actingAs(caller), pluginOf(params));
        return { status: 204 };
      },
    }),
  ];
}
