/**
 * The server's own API as a table. A route states who may call it, what it takes and what it answers; the same
 * statement checks access, validates the request and appears in the OpenAPI document, so none of the three can be
 * forgotten or drift.
 */
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import type { Static, TSchema } from 'typebox';
import type { HttpMethod } from '../../spec/permission.ts';
import { Refusal } from '../../spec/refusal.ts';
import type { Principal } from '../../identity/index.ts';
import type { JsonObject, JsonValue } from '../../spec/json.ts';
import type { Access, CallerOf } from './access.ts';
import { hasNoBody, readJson, readUpload, type Upload } from './body.ts';
import { requireStorable } from './storable.ts';
import { violationsOf } from './violations.ts';
import type { RateClass } from './rate-limits.ts';

/** What a route answers: JSON, bytes, or nothing. */
export type Answer =
  | { readonly status: 200 | 201 | 202; readonly json: JsonValue; readonly headers?: Record<string, string> }
  | {
      readonly status: 200;
      readonly bytes: Uint8Array | ReadableStream<Uint8Array>;
      readonly headers: Record<string, string>;
    }
  | { readonly status: 204 };

export type RouteRequest<Params, Query, Body, Caller> = {
  readonly params: Params;
  readonly query: Query;
  readonly body: Body;
  readonly caller: Caller;
  readonly requestId: string;
  readonly raw: Request;
};

/**
 * `none` takes no body, `upload` a package (multipart or ZIP), a schema a JSON body. A schema with a `default` also takes
 * a request without a body.
 */
export type BodySpec = 'none' | 'upload' | TSchema | ReceivedBody<unknown>;
type BodyOf<B extends BodySpec> = B extends 'upload'
  ? Upload
  : B extends ReceivedBody<infer Value>
    ? Value
    : B extends TSchema
      ? Static<B>
      : undefined;

/**
 * A body that a route takes in itself, as it comes: one with files, which nobody could hold. It is taken in once the
 * caller is known, and before an `Idempotency-Key` is looked at.
 */
export type ReceivedBody<Value> = {
  /** Media types with their schemas, for the OpenAPI document. */
  readonly content: JsonObject;
  readonly receive: (request: {
    readonly raw: Request;
    readonly params: Readonly<Record<string, string>>;
    readonly principal: Principal | null;
  }) => Promise<Received<Value>>;
};

/**
 * @property fingerprint equal for what means the same, such as the digests of files and not the ids they were given
 * @property release lets go of what was kept of the body, where no handler takes it over: an answer was given before
 */
export type Received<Value> = {
  readonly value: Value;
  readonly fingerprint: string;
  readonly release: () => Promise<void>;
};

export type RouteSpec<P extends TSchema, Q extends TSchema, B extends BodySpec, A extends Access> = {
  readonly method: HttpMethod;
  /** Path with `:name` parameters. */
  readonly path: string;
  readonly tag: string;
  readonly summary: string;
  readonly access: A;
  /** By the method where absent. */
  readonly rate?: RateClass;
  readonly params: P;
  readonly query: Q;
  readonly body: B;
  /** Schema or media type of each answer. */
  readonly answers: Readonly<Record<number, TSchema | string | null>>;
  readonly handle: (request: RouteRequest<Static<P>, Static<Q>, BodyOf<B>, CallerOf<A>>) => Promise<Answer>;
};

/** A route whose types have been checked against each other, ready to be mounted and described. */
export type Route = Omit<RouteSpec<TSchema, TSchema, BodySpec, Access>, 'handle'> & {
  readonly read: (
    raw: Request,
    params: Record<string, string>,
    principal: Principal | null,
  ) => Promise<RouteInput>;
  readonly handle: (request: RouteRequest<unknown, unknown, unknown, unknown>) => Promise<Answer>;
};

/** What a handler gets; `fingerprint` and `release` where the body was received by its route. */
export type RouteInput = {
  readonly params: unknown;
  readonly query: unknown;
  readonly body: unknown;
  readonly fingerprint?: string;
  readonly release?: () => Promise<void>;
};

/** Optimizing takes half of the time of compiling, which is a third of a start, and gains nothing in a check. */
const CODE = { optimize: false } as const;
/** Parameters and queries arrive as text, so they are coerced; bodies are taken as they are. */
const textAjv = new Ajv2020({
  code: CODE,
  allErrors: true,
  coerceTypes: 'array',
  useDefaults: true,
  ownProperties: true,
  strict: false,
});
const bodyAjv = new Ajv2020({
  allErrors: true,
  useDefaults: true,
  ownProperties: true,
  strict: false,
  code: CODE,
});
for (const ajv of [textAjv, bodyAjv]) (addFormats as unknown as (instance: Ajv2020) => void)(ajv);

/** Compiles one route of the table. */
export function route<P extends TSchema, Q extends TSchema, B extends BodySpec, const A extends Access>(
  spec: RouteSpec<P, Q, B, A>,
): Route {
  const checkParams = textAjv.compile(spec.params);
  const checkQuery = textAjv.compile(spec.query);
  const schema: BodySpec = spec.body;
  const checkBody = isSchema(schema) ? bodyAjv.compile(schema as object) : null;
  return {
    ...spec,
    handle: spec.handle as Route['handle'],
    read: async (raw, params, principal) => ({
      params: checked(checkParams, { ...params }, '/path'),
      query: checked(checkQuery, queryOf(raw), '/query'),
      ...(isReceived(spec.body)
        ? receivedInput(await spec.body.receive({ raw, params, principal }))
        : { body: await readRouteBody(raw, spec.body, checkBody) }),
    }),
  };
}

function isReceived(spec: BodySpec): spec is ReceivedBody<unknown> {
  return typeof spec === 'object' && 'receive' in spec;
}

function isSchema(spec: BodySpec): spec is TSchema {
  return typeof spec === 'object' && !isReceived(spec);
}

function receivedInput({
  value,
  ...rest
}: Received<unknown>): Pick<RouteInput, 'body' | 'fingerprint' | 'release'> {
  return { body: value, ...rest };
}

async function readRouteBody(raw: Request, spec: BodySpec, check: ValidateFunction | null): Promise<unknown> {
  if (spec === 'none') return undefined;
  if (spec === 'upload') return readUpload(raw);
  if (!check) return undefined;
  // A schema with a default says what a request without a body means.
  if ('default' in spec && hasNoBody(raw)) return checked(check, structuredClone(spec.default), '');
  return checked(check, await readJson(raw), '');
}

function queryOf(raw: Request): Record<string, string | string[]> {
  const query: Record<string, string | string[]> = Object.create(null) as Record<string, string | string[]>;
  // In one pass: to ask for all values of each name looks at all of them for each, which takes a tenth of a second.
  for (const [name, value] of new URL(raw.url).searchParams) {
    const known = query[name];
    if (known === undefined) query[name] = value;
    else if (typeof known === 'string') query[name] = [known, value];
    else known.push(value);
  }
  requireStorable(query, '/query');
  return query;
}

function checked(validate: ValidateFunction, value: unknown, at: string): unknown {
  if (validate(value)) return value;
  const violations = violationsOf(validate.errors ?? [], at);
  const [first] = violations;
  throw new Refusal('request_invalid', {
    detail: `${first?.pointer || 'The body'}: ${first?.message}.`,
    violations,
  });
}
