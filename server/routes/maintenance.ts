/** What the operator of an instance asks of it, beside what it does by itself. */
import { Type } from 'typebox';
import { appendAudit } from '../../database/index.ts';
import { actorOf } from '../../identity/index.ts';
import { sweepBlobs } from '../../registry/blobs/index.ts';
import { route, type Route } from '../http/route.ts';
import type { Services } from '../services.ts';
import { NoParams, NoQuery } from './schemas.ts';

const Report = Type.Object({ blobsRemoved: Type.Integer(), leftoversRemoved: Type.Integer() });
const INSTANCE = { kind: 'instance' } as const;

export function maintenanceRoutes({ database, blobs }: Services): Route[] {
  return [
    route({
      method: 'POST',
      path: '/api/v1/sweeps',
      tag: 'instance',
      summary:
        'Removes package bytes that no version names and what interrupted uploads left, which the server also does every hour by itself.',
      access: { kind: 'instance' },
      params: NoParams,
      query: NoQuery,
      body: Type.Object(
        {
          graceSeconds: Type.Integer({
            minimum: 0,
            maximum: 31_536_000,
            default: 3_600,
            description: 'Nothing younger is touched. Less than an upload takes cuts off uploads at work.',
          }),
        },
        { additionalProperties: false },
      ),
      answers: { 200: Report },
      handle: async ({ caller, body: { graceSeconds } }) => {
        const graceMs = graceSeconds * 1_000;
        const report = await sweepBlobs({ database, blobs, graceMs, now: new Date() });
        await database.transaction(INSTANCE, (tx) =>
          appendAudit(tx, {
            scope: INSTANCE,
            actor: actorOf(caller.principal),
            action: 'packages.swept',
            subject: 'instance',
            detail: { graceSeconds, ...report },
          }),
        );
        return { status: 200, json: { ...report } };
      },
    }),
  ];
}
