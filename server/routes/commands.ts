/** Commands of plugins: listed, and run by whoever their manifests and the organization let. */
import { Type } from 'typebox';
import {
  actorOf,
  ORG_ROLES,
  findOrganization,
  requireScope,
  roleIn,
  type OrgRole,
  type Principal,
} from '../../identity/index.ts';

import type { Caller } from '../../sandbox/index.ts';
import type { OfferedCommand } from '../../services/index.ts';
import type { JsonObject } from '../../spec/json.ts';
import { PACKAGE_LIMITS } from '../../spec/limits.ts';
import { Refusal } from '../../spec/refusal.ts';
import { parseStrictJson } from '../../spec/strict-json.ts';
import type { RunFile } from '../../spec/run.ts';
import { roleNeeded } from '../gateway/gateway.ts';
import { hasNoBody, mediaType, readJson } from '../http/body.ts';
import { readForm } from '../http/form.ts';
import { toJson } from '../http/json-answer.ts';
import { route, type Answer, type Received, type ReceivedBody, type Route } from '../http/route.ts';
import type { Services } from '../services.ts';
import { InstalledParams, pluginOf, words } from './installed-plugin.ts';
import { JobAnswer } from './jobs.ts';
import { Anything, NoQuery, OrgParams } from './schemas.ts';

const CommandView = Type.Object({
  plugin: Type.String(),
  name: Type.String(),
  title: Type.Union([Type.String(), Type.Null()]),
  access: Type.String(),
  run: words(['direct', 'job']),
  arguments: Anything,
});
const Answered = Type.Object({
  plugin: Type.String(),
  command: Type.String(),
  result: Type.Unknown({ description: 'What the command answered.' }),
});

const Query = Type.Object(
  {
    background: Type.Optional(
      Type.String({ enum: ['', 'true', 'false'], description: 'Run it as a job, and answer at once.' }),
    ),
  },
  { additionalProperties: false },
);

const CONTENT: JsonObject = {
  'application/json': {
    schema: { type: 'object', description: 'The arguments, as the manifest declares them.' },
  },
  'multipart/form-data': {
    schema: {
      type: 'object',
      description:
        'Any further parts with a file name are files, which the command reads through host.files.',
      properties: { args: { type: 'string', contentMediaType: 'application/json' } },
    },
  },
};

/** A command with what it was sent, by somebody who may run it. */
type Admitted = {
  readonly orgId: string;
  readonly offered: OfferedCommand;
  readonly caller: Caller;
  readonly args: JsonObject;
  readonly files: readonly RunFile[];
};

export function commandRoutes(services: Services): Route[] {
  const base = {
    tag: 'commands',
    method: 'POST',
    // The manifest says who may: what is declared as public is for anybody, everything else is decided in `admit`.
    access: { kind: 'open' },
    query: Query,
    answers: { 200: Answered, 202: JobAnswer },
  } as const;
  return [
    listRoute(services),
    route({
      ...base,
      path: '/api/v1/orgs/:org/plugins/:publisher/:name/commands/:command',
      summary: 'Runs a command of a plugin. One that takes long, or is asked for so, becomes a job.',
      params: Type.Object({ ...InstalledParams.properties, command: Type.String() }),
      body: commandBody(services),
      handle: (request) => answer(services, request),
    }),
    route({
      ...base,
      path: '/api/v1/orgs/:org/commands/:command',
      summary: 'Runs the command of this name, where one plugin of the organization alone has it.',
      params: Type.Object({ org: Type.String(), command: Type.String() }),
      body: commandBody(services),
      handle: (request) => answer(services, request),
    }),
  ];
}

function listRoute({ commands }: Services): Route {
  return route({
    method: 'GET',
    path: '/api/v1/orgs/:org/commands',
    tag: 'commands',
    summary: 'The commands of active plugins.',
    access: { kind: 'org', role: 'member', scope: 'orgs:read' },
    params: OrgParams,
    query: NoQuery,
    body: 'none',
    answers: { 200: Type.Object({ items: Type.Array(CommandView) }) },
    handle: async ({ caller }) => {
      const items = (await commands.catalogue.list(caller.org.id)).map(({ plugin, command, access }) => ({
        plugin,
        name: command.name,
        title: command.title ?? null,
        access,
        run: command.run ?? 'direct',
        arguments: command.arguments ?? {},
      }));
      return { status: 200, json: { items: toJson(items) } };
    },
  });
}

function commandBody(services: Services): ReceivedBody<Admitted> {
  return {
    content: CONTENT,
    receive: async ({ raw, params, principal }) => {
      const who = await admit(services, params, principal);
      const input = await readInput(services, raw, who.orgId, actorName(principal));
      return received(services, { ...who, ...input });
    },
  };
}

type Input = Pick<Admitted, 'args' | 'files'>;
type Who = Omit<Admitted, 'args' | 'files'>;

function received(services: Services, value: Admitted): Received<Admitted> {
  const sent = value.files.map(({ name, sha256 }) => ({ name, sha256 }));
  const release = (): Promise<void> => deleteFiles(services, value.orgId, value.files);
  return { value, fingerprint: JSON.stringify([value.args, sent]), release };
}

/** What cannot be removed now, the sweep finds: it changes nothing about the answer. */
async function deleteFiles({ files }: Services, orgId: string, some: readonly RunFile[]): Promise<void> {
  const ids = some.map(({ id }) => id);
  await files.delete(orgId, ids).catch(() => undefined);
}

/**
 * Who may not see the organization, and who may not run the command without a token, learn nothing of either: not
 * whether there is such an organization, plugin or command.
 */
async function admit(
  services: Services,
  params: Readonly<Record<string, string>>,
  principal: Principal | null,
): Promise<Who> {
  const { database, installations } = services;
  const org = await database.transaction({ kind: 'instance' }, (tx) =>
    findOrganization(tx, params['org'] ?? ''),
  );
  const role = org && principal ? roleIn(principal, org.id) : undefined;
  const offered = org ? await find(services, org.id, params).catch(unlessHidden(role)) : undefined;
  const caller: Caller = principal
    ? { kind: 'user', id: principal.id, role: role ?? null }
    : { kind: 'anonymous' };
  if (org && offered?.access === 'public') return { orgId: org.id, offered, caller };
  if (!principal) throw new Refusal('authentication_required', { detail: 'The request carries no token.' });
  if (!org || !offered || !role) throw new Refusal('not_found', { detail: 'There is no such organization.' });
  requireScope(principal, 'plugins:call');
  const description = await installations.describeGuestOf(org.id, offered.plugin);
  requireRole(
    role,
    roleNeeded(offered.access as Exclude<typeof offered.access, 'public'>, description?.actions ?? new Map()),
  );
  return { orgId: org.id, offered, caller };
}

/** A member hears that there is no such command; anybody else what is heard of an organization that is not there. */
function unlessHidden(role: OrgRole | undefined): (error: unknown) => undefined {
  return (error) => {
    if (role === undefined && error instanceof Refusal) return undefined;
    throw error;
  };
}

function find(
  { commands }: Services,
  orgId: string,
  params: Readonly<Record<string, string>>,
): Promise<OfferedCommand> {
  const { publisher, name, command = '' } = params;
  if (publisher === undefined || name === undefined) return commands.catalogue.findBare(orgId, command);
  return commands.catalogue.find(orgId, pluginOf({ publisher, name }), command);
}

function requireRole(held: OrgRole, needed: OrgRole): void {
  if (ORG_ROLES.indexOf(held) <= ORG_ROLES.indexOf(needed)) return;
  throw new Refusal('role_missing', {
    detail: `This command is for members whose role is ${needed} or higher.`,
    extensions: { role: needed },
  });
}

function actorName(principal: Principal | null): string {
  return principal ? `user:${principal.id}` : 'anonymous';
}

async function readInput(services: Services, raw: Request, orgId: string, storedBy: string): Promise<Input> {
  if (hasNoBody(raw)) return { args: {}, files: [] };
  if (mediaType(raw) !== 'multipart/form-data')
    return { args: requireObject(await readJson(raw)), files: [] };
  const form = await readForm(
    raw,
    (name, content) => services.files.receive({ orgId, name, storedBy }, content),
    (taken) => deleteFiles(services, orgId, taken),
  );
  try {
    return { args: argumentsOf(form.fields), files: form.files };
  } catch (error) {
    await deleteFiles(services, orgId, form.files);
    throw error;
  }
}

/** The part `args` as JSON; every other part without a file name is an argument that is text. */
function argumentsOf(fields: ReadonlyMap<string, readonly string[]>): JsonObject {
  const twice = [...fields].find(([, values]) => values.length > 1);
  if (twice) {
    throw new Refusal('request_invalid', {
      detail: `The part ${JSON.stringify(twice[0].slice(0, 80))} stands twice.`,
    });
  }
  const texts = [...fields]
    .filter(([name]) => name !== 'args')
    .map(([name, values]) => [name, values[0] ?? '']);
  const [args] = fields.get('args') ?? [];
  return { ...(args === undefined ? {} : parseArguments(args)), ...Object.fromEntries(texts) } as JsonObject;
}

function parseArguments(text: string): JsonObject {
  const json = parseStrictJson(Buffer.from(text, 'utf8'), PACKAGE_LIMITS.manifestDepthMax);
  if (json.kind === 'value') return requireObject(json.value);
  const [first] = json.faults;
  throw new Refusal('body_not_json', {
    detail: `The part args ${first?.pointer ? `at ${first.pointer}: ` : ''}${first?.message}.`,
    violations: json.faults,
  });
}

function requireObject(value: unknown): JsonObject {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as JsonObject;
  throw new Refusal('request_invalid', { detail: 'The arguments of a command are an object.' });
}

type CommandRequest = {
  readonly body: Admitted;
  readonly query: { readonly background?: string };
  readonly caller: { readonly principal: Principal | null };
  readonly requestId: string;
  readonly raw: Request;
};

/** The files are there for this run alone; only a job that was wanted still needs them afterwards. */
async function answer(services: Services, request: CommandRequest): Promise<Answer> {
  const { orgId, files } = request.body;
  const answered = await run(services, request).catch(async (error: unknown) => {
    await deleteFiles(services, orgId, files);
    throw error;
  });
  if (answered.status === 200) await deleteFiles(services, orgId, files);
  return answered;
}

async function run(
  services: Services,
  { body, query, caller, requestId, raw }: CommandRequest,
): Promise<Answer> {
  const { commands, jobs } = services;
  const { principal } = caller;
  const actor = principal ? actorOf(principal) : ({ kind: 'anonymous' } as const);
  const call = { ...body, actor, requestId, signal: raw.signal };
  const isAsked = query.background === '' || query.background === 'true';
  if (body.offered.command.run !== 'job' && !isAsked) {
    return { status: 200, json: await commands.run(call) };
  }
  // A job outlives the request of whoever wanted it; nobody could be told what a stranger's came to.
  if (!principal) throw new Refusal('authentication_required', { detail: 'Jobs are for members.' });
  const id = await commands.runInBackground(call);
  const job = await jobs.read(body.orgId, id, 'all');
  return { status: 202, json: toJson(job) };
}
