/** Imports of files by plugins, and what people decide about rows that Souk could not. */
import { Type } from 'typebox';
import { actorOf, findOrganization, type Principal } from '../../identity/index.ts';
import type { JsonObject } from '../../spec/json.ts';
import { RECORD_LIMITS } from '../../spec/limits.ts';
import { IMPORT_KINDS, type ImportKind } from '../../spec/modules/core-modules.ts';
import type { PluginId } from '../../spec/plugin-id.ts';
import { Fault, Refusal } from '../../spec/refusal.ts';
import type { RunFile } from '../../spec/run.ts';
import { parseStrictJson } from '../../spec/strict-json.ts';
import { mediaType } from '../http/body.ts';
import { readForm, type Form } from '../http/form.ts';
import { toJson } from '../http/json-answer.ts';
import { route, type Received, type ReceivedBody, type Route } from '../http/route.ts';
import type { Services } from '../services.ts';
import { requirePluginId, words } from './installed-plugin.ts';
import { Anything, NoQuery, OrgParams, PageQuery, pageSchema, Time, Uuid } from './schemas.ts';

const PATH = '/api/v1/orgs/:org/imports';
const ADMIN = { kind: 'org', role: 'admin', scope: 'orgs:admin' } as const;
const MEMBER = { kind: 'org', role: 'member', scope: 'orgs:read' } as const;
const closed = { additionalProperties: false } as const;

const OUTCOMES = ['accepted', 'merged', 'unchanged', 'rejected', 'held'] as const;
const Count = Type.Integer({ minimum: 0 });
const Nullable = Type.Union([Type.String(), Type.Null()]);
const NullableTime = Type.Union([Time, Type.Null()]);

const View = Type.Object({
  id: Type.String(),
  origin: words(['file', 'plugin']),
  type: Type.String(),
  mode: words(['apply', 'dryRun']),
  state: words(['queued', 'running', 'completed', 'failed']),
  plugin: Type.String(),
  pluginVersion: Type.String(),
  pluginDigest: Type.String(),
  file: Type.Union([Anything, Type.Null()]),
  options: Anything,
  counts: Type.Object({ accepted: Count, merged: Count, unchanged: Count, rejected: Count, held: Count }),
  problem: Nullable,
  job: Nullable,
  audit: Type.String({ description: 'The audit entry below which its rows hang.' }),
  createdBy: Type.String(),
  createdAt: Time,
  startedAt: NullableTime,
  endedAt: NullableTime,
});

const Row = Type.Object({
  import: Type.String(),
  row: Type.Integer(),
  type: Type.String(),
  outcome: words(OUTCOMES),
  record: Nullable,
  original: Type.Unknown({ description: 'The values as they stood in the file.' }),
  data: Type.Unknown({ description: 'Normalized; of rows that wait for a decision.' }),
  reasons: Type.Array(Type.Object({ pointer: Type.String(), message: Type.String() })),
  candidates: Type.Array(Type.String(), { description: 'Records that it may be.' }),
  decision: Type.Union([Anything, Type.Null()]),
});

const ImportParams = Type.Object({ org: Type.String(), import: Type.String() });

const CONTENT: JsonObject = {
  'multipart/form-data': {
    schema: {
      type: 'object',
      required: ['file', 'plugin'],
      properties: {
        file: { type: 'string', contentEncoding: 'binary' },
        plugin: { type: 'string', description: 'The importer, such as kelompok/csv-import.' },
        options: { type: 'string', contentMediaType: 'application/json', description: 'For the plugin.' },
        dryRun: { type: 'string', enum: ['true', 'false'] },
      },
    },
  },
};

type Wish = {
  readonly plugin: PluginId;
  readonly options: JsonObject;
  readonly mode: 'apply' | 'dryRun';
  readonly file: RunFile;
};

export function importRoutes(services: Services): Route[] {
  return [beginRoute(services), ...readRoutes(services), ...reviewRoutes(services)];
}

function beginRoute(services: Services): Route {
  return route({
    method: 'POST',
    // One place in the path has one name: a kind is posted to where an import is read from.
    path: `${PATH}/:import`,
    tag: 'imports',
    summary: 'Imports a file through a plugin, in the background. A dry run says what would happen.',
    access: ADMIN,
    params: Type.Object({ org: Type.String(), import: words(IMPORT_KINDS) }),
    query: NoQuery,
    body: importBody(services),
    answers: { 202: View },
    handle: async ({ caller, params, body }) => {
      const { principal, org, role } = caller;
      const wish = {
        ...body,
        orgId: org.id,
        actor: actorOf(principal),
        caller: { kind: 'user', id: principal.id, role },
        kind: params.import as ImportKind,
      } as const;
      const begun = await services.imports.begin(wish).catch(async (error: unknown) => {
        await services.files.delete(org.id, [body.file.id]);
        throw error;
      });
      return { status: 202, json: toJson(begun) };
    },
  });
}

function importBody(services: Services): ReceivedBody<Wish> {
  const { database, files } = services;
  return {
    content: CONTENT,
    receive: async ({ raw, params, principal }) => {
      const org = await database.transaction({ kind: 'instance' }, (tx) =>
        findOrganization(tx, params['org'] ?? ''),
      );
      if (!org || !principal) throw new Fault('a body is received before its sender was admitted');
      requireForm(raw);
      const discard = (taken: readonly RunFile[]): Promise<void> =>
        files.delete(
          org.id,
          taken.map(({ id }) => id),
        );
      const take = sink(services, org.id, principal);
      const form = await readForm(raw, take, discard);
      try {
        return received(wishOf(form), () => discard(form.files));
      } catch (error) {
        await discard(form.files);
        throw error;
      }
    },
  };
}

function requireForm(raw: Request): void {
  const found = mediaType(raw);
  if (found === 'multipart/form-data') return;
  throw new Refusal('media_type_unsupported', {
    detail: found === '' ? 'The request has no Content-Type.' : `The Content-Type is ${found}.`,
    hint: 'Send multipart/form-data with the parts file and plugin.',
  });
}

function sink(
  { files }: Services,
  orgId: string,
  principal: Principal,
): Parameters<typeof readForm<RunFile>>[1] {
  return (name, content) => files.receive({ orgId, name, storedBy: `user:${principal.id}` }, content);
}

function received({ file, ...wish }: Wish, release: () => Promise<void>): Received<Wish> {
  const fingerprint = JSON.stringify([wish, file.name, file.sha256]);
  return { value: { ...wish, file }, fingerprint, release };
}

const FIELDS: ReadonlySet<string> = new Set(['plugin', 'options', 'dryRun']);

/** @throws Refusal `request_invalid`, `not_found` for what is no plugin's name */
function wishOf({ fields, files }: Form<RunFile>): Wish {
  const strange = [...fields].find(([name, values]) => !FIELDS.has(name) || values.length > 1);
  if (strange)
    throw invalid(`The part ${JSON.stringify(strange[0].slice(0, 80))} is unknown or stands twice.`);
  const [file, second] = files;
  if (!file || second) throw invalid('The form has not exactly one part with a file name.');
  const plugin = fields.get('plugin')?.[0];
  if (plugin === undefined) throw invalid('The form has no part named plugin.');
  const options = optionsOf(fields.get('options')?.[0] ?? '{}');
  return { plugin: requirePluginId(plugin), options, mode: modeOf(fields.get('dryRun')?.[0]), file };
}

function invalid(detail: string): Refusal {
  return new Refusal('request_invalid', {
    detail,
    hint: 'Send the parts file and plugin, and options and dryRun.',
  });
}

function modeOf(dryRun: string | undefined): Wish['mode'] {
  switch (dryRun) {
    case undefined:
    case 'false':
      return 'apply';
    case 'true':
      return 'dryRun';
    default:
      throw invalid('The part dryRun is neither true nor false.');
  }
}

function optionsOf(text: string): JsonObject {
  const json = parseStrictJson(new TextEncoder().encode(text), RECORD_LIMITS.dataDepthMax);
  if (text.length > RECORD_LIMITS.optionsCharsMax)
    throw invalid(`The part options has more than ${RECORD_LIMITS.optionsCharsMax} characters.`);
  if (
    json.kind === 'value' &&
    typeof json.value === 'object' &&
    json.value !== null &&
    !Array.isArray(json.value)
  )
    return json.value;
  throw invalid('The part options is not an object of JSON.');
}

function readRoutes({ imports }: Services): Route[] {
  const base = { method: 'GET', tag: 'imports', access: MEMBER, body: 'none' } as const;
  return [
    route({
      ...base,
      path: PATH,
      summary: 'Imports, newest first; and what plugins proposed by themselves.',
      params: OrgParams,
      query: PageQuery,
      answers: { 200: pageSchema(View) },
      handle: async ({ caller, query }) => ({
        status: 200,
        json: toJson(await imports.list(caller.org.id, query)),
      }),
    }),
    route({
      ...base,
      path: `${PATH}/:import`,
      summary: 'An import: its state, what became of its rows, and the audit entry below which they hang.',
      params: ImportParams,
      query: NoQuery,
      answers: { 200: View },
      handle: async ({ caller, params }) => ({
        status: 200,
        json: toJson(await imports.read(caller.org.id, params.import)),
      }),
    }),
    route({
      ...base,
      path: `${PATH}/:import/rows`,
      summary: 'The rows of an import, with what is wrong with each.',
      params: ImportParams,
      query: Type.Object({ ...PageQuery.properties, outcome: Type.Optional(words(OUTCOMES)) }, closed),
      answers: { 200: pageSchema(Row) },
      handle: async ({ caller, params, query }) => ({
        status: 200,
        json: toJson(await imports.rows(caller.org.id, { ...query, importId: params.import })),
      }),
    }),
  ];
}

function reviewRoutes({ imports }: Services): Route[] {
  return [
    route({
      method: 'GET',
      path: '/api/v1/orgs/:org/reviews',
      tag: 'imports',
      summary: 'Rows of all imports that wait for a decision.',
      access: MEMBER,
      params: OrgParams,
      query: PageQuery,
      body: 'none',
      answers: { 200: pageSchema(Row) },
      handle: async ({ caller, query }) => ({
        status: 200,
        json: toJson(await imports.rows(caller.org.id, { ...query, outcome: 'held' })),
      }),
    }),
    route({
      method: 'POST',
      path: `${PATH}/:import/rows/:row/decision`,
      tag: 'imports',
      summary: 'Decides about a row that waits: a new record, part of one that is there, or nothing.',
      access: ADMIN,
      params: Type.Object({
        ...ImportParams.properties,
        row: Type.Integer({ minimum: 1, maximum: RECORD_LIMITS.rowNumberMax }),
      }),
      query: NoQuery,
      body: Type.Union([
        Type.Object({ verdict: Type.Literal('accept') }, closed),
        Type.Object({ verdict: Type.Literal('reject') }, closed),
        Type.Object({ verdict: Type.Literal('merge'), record: Uuid }, closed),
      ]),
      answers: { 200: Row },
      handle: async ({ caller: { org, principal }, params, body }) => {
        const verdict =
          body.verdict === 'merge'
            ? ({ kind: 'merge', recordId: body.record } as const)
            : ({ kind: body.verdict } as const);
        const decision = { importId: params.import, row: params.row, verdict };
        return { status: 200, json: toJson(await imports.decide(org.id, actorOf(principal), decision)) };
      },
    }),
  ];
}
