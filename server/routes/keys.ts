/** The keys that speak for a publisher. */
import { Type } from 'typebox';
import { Author } from '../author.ts';
import {
  acceptFirstKeys,
  acceptNextKeys,
  createKeyChallenge,
  listKeyDocuments,
} from '../../registry/keys/index.ts';
import type { JsonObject } from '../../spec/json.ts';
import { Refusal } from '../../spec/refusal.ts';
import { route, type Route } from '../http/route.ts';
import type { Services } from '../services.ts';
import { Envelope, NoQuery, PublisherParams } from './schemas.ts';

const Accepted = Type.Object(
  { publisher: Type.String(), version: Type.Integer() },
  { additionalProperties: true },
);

export function keyRoutes(services: Services): Route[] {
  const base = { tag: 'publishers', params: PublisherParams, query: NoQuery } as const;
  const write = { ...base, access: { kind: 'signedIn', scope: 'packages:publish' } } as const;
  return [
    route({
      ...write,
      method: 'POST',
      path: '/api/v1/publishers/:publisher/key-challenges',
      summary: 'Begins the registration of the first keys: every key signs the challenge.',
      body: 'none',
      answers: {
        201: Type.Object({
          origin: Type.String(),
          publisher: Type.String(),
          nonce: Type.String(),
          expiresAt: Type.String(),
        }),
      },
      handle: async ({ caller, params }) => {
        const author = Author.forKeys(services, caller.principal);
        const challenge = await createKeyChallenge(services.keys, { author, publisher: params.publisher });
        // Whole seconds: the form in which documents write times.
        const expiresAt = challenge.expiresAt.toISOString().replace('.000Z', 'Z');
        return { status: 201, json: { ...challenge, expiresAt } };
      },
    }),
    route({
      ...write,
      method: 'POST',
      path: '/api/v1/publishers/:publisher/keys',
      summary:
        'Registers the first key document (with nonce and proof), or the next one (a rotation or a revocation).',
      body: Type.Object(
        { document: Envelope, nonce: Type.Optional(Type.String()), proof: Type.Optional(Envelope) },
        { additionalProperties: false },
      ),
      answers: { 201: Accepted },
      handle: async ({ caller, params: { publisher }, body }) => {
        const author = Author.forKeys(services, caller.principal);
        const envelope = bytesOf(body.document);
        if ((body.nonce === undefined) !== (body.proof === undefined)) {
          throw new Refusal('request_invalid', {
            detail: 'nonce and proof go together: they answer one challenge.',
          });
        }
        const accepted =
          body.nonce !== undefined && body.proof !== undefined
            ? await acceptFirstKeys(services.keys, {
                author,
                publisher,
                nonce: body.nonce,
                envelope,
                proof: bytesOf(body.proof),
              })
            : await acceptNextKeys(services.keys, { author, publisher, envelope });
        return {
          status: 201,
          json: {
            ...accepted,
            acceptedAt: accepted.acceptedAt.toISOString(),
            distrusted: [...accepted.distrusted],
          },
        };
      },
    }),
    route({
      ...base,
      access: { kind: 'open' },
      method: 'GET',
      path: '/api/v1/publishers/:publisher/keys',
      summary: 'Every accepted key document, oldest first: the documents of a trust file.',
      body: 'none',
      answers: {
        200: Type.Object({ documents: Type.Array(Type.Object({}, { additionalProperties: true })) }),
      },
      handle: async ({ params }) => {
        const records = await listKeyDocuments(services.database, params.publisher);
        const documents = records.map(({ version, acceptedAt, envelope }) => ({
          version,
          acceptedAt: acceptedAt.toISOString(),
          envelope: JSON.parse(Buffer.from(envelope).toString('utf8')) as JsonObject,
        }));
        return { status: 200, json: { documents } };
      },
    }),
  ];
}

function bytesOf(envelope: unknown): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(envelope));
}
