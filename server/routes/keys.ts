/** The keys that speak for a publisher. */
import { Type, type Static } from 'typebox';
import { keyAuthor } from '../author.ts';
import {
  acceptFirstKeys,
  acceptNextKeys,
  createKeyChallenge,
  listKeyDocuments,
  type AcceptedKeys,
} from '../../registry/keys/index.ts';
import type { Author } from '../../registry/catalogue/author.ts';
import type { JsonObject } from '../../spec/json.ts';
import { Refusal } from '../../spec/refusal.ts';
import { toJson } from '../http/json-answer.ts';
import { route, type Route } from '../http/route.ts';
import type { Services } from '../services.ts';
import { Envelope, NoQuery, PublisherParams } from './schemas.ts';

const Accepted = Type.Object(
  { publisher: Type.String(), version: Type.Integer() },
  { additionalProperties: true },
);

const Challenge = Type.Object({
  origin: Type.String(),
  publisher: Type.String(),
  nonce: Type.String(),
  expiresAt: Type.String(),
});
const NewKeys = Type.Object(
  { document: Envelope, nonce: Type.Optional(Type.String()), proof: Type.Optional(Envelope) },
  { additionalProperties: false },
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
      answers: { 201: Challenge },
      handle: async ({ caller, params }) => {
        const author = keyAuthor(caller.principal);
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
      body: NewKeys,
      answers: { 201: Accepted },
      handle: async ({ caller, params: { publisher }, body }) => {
        const author = keyAuthor(caller.principal);
        const accepted = await acceptKeys(services, { author, publisher, ...body });
        return { status: 201, json: toJson(accepted) };
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

type KeySubmission = Static<typeof NewKeys> & { readonly author: Author; readonly publisher: string };

/** The first document of a publisher answers a challenge; those after it are signed by the one before. */
async function acceptKeys(
  { keys }: Services,
  { author, publisher, document, nonce, proof }: KeySubmission,
): Promise<AcceptedKeys> {
  const submission = { author, publisher, envelope: bytesOf(document) };
  if (nonce === undefined && proof === undefined) return acceptNextKeys(keys, submission);
  if (nonce !== undefined && proof !== undefined)
    return acceptFirstKeys(keys, { ...submission, nonce, proof: bytesOf(proof) });
  throw new Refusal('request_invalid', {
    detail: 'nonce and proof go together: they answer one challenge.',
  });
}

function bytesOf(envelope: unknown): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(envelope));
}
