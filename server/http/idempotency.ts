/**
 * Writes with an `Idempotency-Key` (draft-ietf-httpapi-idempotency-key-header): the answer of the first request is
 * kept for a day and given again to the same request; the same key with another request is refused, and so is a
 * second request while the first is at work.
 *
 * An answer may hold what is shown only once, such as the secret of a new token. So it is stored encrypted with a key
 * that follows from the caller's own token, which Souk does not know: AES-256-GCM under HKDF-SHA256(token, key, label).
 */
import { createCipheriv, createDecipheriv, hash, hkdfSync, randomBytes } from 'node:crypto';
import type { Database } from '../../database/index.ts';
import type { Principal } from '../../identity/index.ts';
import { keepAnswer, releaseKey, takeKey } from '../../registry/idempotency/index.ts';
import type { JsonObject, JsonValue } from '../../spec/json.ts';
import { Fault, Refusal } from '../../spec/refusal.ts';
import type { Logger } from '../log.ts';
import { problemOf } from './problem.ts';
import type { Answer, Route, RouteInput } from './route.ts';

export const IDEMPOTENCY_HEADER = 'idempotency-key';
const CIPHER = 'aes-256-gcm';
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

export type IdempotencyPorts = { readonly database: Database; readonly log: Logger };

/** One write that carries a key; `secret` is the caller's token. */
export type KeyedWrite = {
  readonly route: Pick<Route, 'method' | 'path'>;
  readonly key: string;
  readonly secret: string;
  readonly principal: Principal;
  readonly requestId: string;
  readonly input: RouteInput;
};

/** What is kept of an answer: enough to give it again, byte for byte. */
export type KeptAnswer = {
  readonly status: number;
  readonly json: JsonValue | null;
  readonly headers: Readonly<Record<string, string>>;
};

type Outcome =
  | { readonly kind: 'fresh'; readonly answer: Answer }
  | { readonly kind: 'replayed'; readonly answer: KeptAnswer };

/**
 * Does a write once.
 * @throws Refusal `idempotency_key_invalid`, `idempotency_key_reused`, `idempotency_key_in_use`, or what `work` throws
 */
export async function answerOnce(
  ports: IdempotencyPorts,
  write: KeyedWrite,
  work: () => Promise<Answer>,
): Promise<Outcome> {
  const request = {
    owner: `token:${write.principal.tokenId}`,
    key: write.key,
    requestDigest: digestOf(write),
  };
  const taken = await takeKey(ports.database, request, new Date());
  if (taken.kind === 'known') return { kind: 'replayed', answer: unseal(write, taken.response) };
  try {
    const answer = await work();
    await keep(ports, write, request, keptAnswer(answer));
    return { kind: 'fresh', answer };
  } catch (error) {
    if (error instanceof Refusal && isFinal(error))
      await keep(ports, write, request, keptProblem(error, write));
    else await release(ports, write, request);
    throw error;
  }
}

type IdempotentRequest = Parameters<typeof takeKey>[1];

/** The write is done: if its answer cannot be kept, the caller gets it all the same, and a retry waits. */
async function keep(
  { database, log }: IdempotencyPorts,
  write: KeyedWrite,
  request: IdempotentRequest,
  answer: KeptAnswer,
): Promise<void> {
  try {
    const response = { sealed: seal(write, answer) };
    await keepAnswer(database, request, { status: answer.status, response }, new Date());
  } catch (error) {
    log.warn({ err: error, requestId: write.requestId }, 'the answer to an idempotent write was not kept');
  }
}

async function release(
  { database, log }: IdempotencyPorts,
  write: KeyedWrite,
  request: IdempotentRequest,
): Promise<void> {
  try {
    await releaseKey(database, request);
  } catch (error) {
    log.warn({ err: error, requestId: write.requestId }, 'an idempotency key was not given back');
  }
}

/** A refusal that would be the same a moment later is an answer; one of the moment frees the key for a retry. */
function isFinal({ entry: { kind, status } }: Refusal): boolean {
  return kind !== 'fault' && status < 500 && status !== 429;
}

function keptAnswer(answer: Answer): KeptAnswer {
  if (answer.status === 204) return { status: 204, json: null, headers: {} };
  if ('bytes' in answer) throw new Fault('a write answered bytes, which cannot be kept');
  return { status: answer.status, json: answer.json, headers: answer.headers ?? {} };
}

function keptProblem(refusal: Refusal, { requestId }: KeyedWrite): KeptAnswer {
  return {
    status: refusal.entry.status,
    json: problemOf(refusal, requestId),
    headers: { 'content-type': 'application/problem+json' },
  };
}

/**
 * What the request means, not how it was written: a client that sends a form again draws another boundary. Each part
 * is hashed by itself, so that nothing can move from one into the next.
 */
function digestOf({ route, input }: KeyedWrite): string {
  const parts = [route.method, route.path, JSON.stringify(input.params), JSON.stringify(input.query)];
  return sha256([...parts.map(sha256), ...bodyParts(input).map(sha256)].join('\n'));
}

/** An upload is bytes, everything else JSON. */
function bodyParts({ body, fingerprint }: RouteInput): (string | Uint8Array)[] {
  if (fingerprint !== undefined) return [fingerprint];
  if (typeof body !== 'object' || body === null) return [];
  if (!('archive' in body) || !(body.archive instanceof Uint8Array)) return [JSON.stringify(body)];
  const envelope = 'envelope' in body && body.envelope instanceof Uint8Array ? [body.envelope] : [];
  return [body.archive, ...envelope];
}

function sha256(part: string | Uint8Array): string {
  return hash('sha256', part, 'hex');
}

function sealingKey({ secret, key }: KeyedWrite): Uint8Array {
  return new Uint8Array(hkdfSync('sha256', secret, key, 'souk idempotent answer v1', 32));
}

function seal(write: KeyedWrite, answer: KeptAnswer): string {
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv(CIPHER, sealingKey(write), nonce, { authTagLength: TAG_BYTES });
  const sealed = [nonce, cipher.update(JSON.stringify(answer), 'utf8'), cipher.final(), cipher.getAuthTag()];
  return Buffer.concat(sealed).toString('base64');
}

function unseal(write: KeyedWrite, response: JsonObject): KeptAnswer {
  const bytes = Buffer.from(String(response['sealed']), 'base64');
  const nonce = bytes.subarray(0, NONCE_BYTES);
  const decipher = createDecipheriv(CIPHER, sealingKey(write), nonce, { authTagLength: TAG_BYTES });
  decipher.setAuthTag(bytes.subarray(-TAG_BYTES));
  const text = [decipher.update(bytes.subarray(NONCE_BYTES, -TAG_BYTES)), decipher.final()];
  return JSON.parse(Buffer.concat(text).toString('utf8')) as KeptAnswer;
}
