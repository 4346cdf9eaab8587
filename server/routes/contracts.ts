/** Contracts: the catalogue, who answers what in an organization, and calls. */
import { Type } from 'typebox';
import { actorOf, type OrgAccess } from '../../identity/index.ts';
import type { Caller } from '../../sandbox/index.ts';
import { DISPATCH_MODES, type ContractAnswer } from '../../services/index.ts';
import { CONTRACTS } from '../../spec/contracts/catalogue.ts';
import type { JsonValue } from '../../spec/json.ts';
import { toJson } from '../http/json-answer.ts';
import { route, type Route } from '../http/route.ts';
import type { Services } from '../services.ts';
import { actingAs, requirePluginId, words } from './installed-plugin.ts';
import { Anything, NoParams, NoQuery, OrgParams } from './schemas.ts';

const MEMBER = { kind: 'org', role: 'member', scope: 'orgs:read' } as const;
const ADMIN = { kind: 'org', role: 'admin', scope: 'orgs:admin' } as const;
/** Calls act on platforms outside in the name of the organization. */
const CALLER = { kind: 'org', role: 'admin', scope: 'plugins:call' } as const;

const closed = { additionalProperties: false } as const;
const YesNo = words(['yes', 'no']);
const NoPlugin = Type.Union([Type.String({ maxLength: 120 }), Type.Null()]);
const ContractParams = Type.Object({ org: Type.String(), contract: Type.String() });

const ActionView = Type.Object({
  summary: Type.String(),
  input: Anything,
  output: Anything,
  errors: Type.Record(Type.String(), Type.String()),
});
const ContractView = Type.Object({
  id: Type.String(),
  summary: Type.String(),
  actions: Type.Record(Type.String(), ActionView),
});
const BindingView = Type.Object({
  contract: Type.String(),
  plugin: NoPlugin,
  origin: words(['bound', 'first', 'none']),
  implementations: Type.Array(Type.Object({ plugin: Type.String(), active: YesNo, bound: YesNo })),
});
const Failure = Type.Object({ plugin: Type.String(), code: Type.String(), message: Type.String() });
const AnswerView = Type.Object({
  contract: Type.String(),
  action: Type.String(),
  mode: words(DISPATCH_MODES),
  output: Type.Unknown({ description: 'Null with the mode all, which has its outputs in results.' }),
  results: Type.Array(Type.Object({ plugin: Type.String(), output: Type.Unknown() })),
  failures: Type.Array(Failure),
});

export function contractRoutes(services: Services): Route[] {
  return [catalogueRoute(), ...bindingRoutes(services), callRoute(services)];
}

function catalogueRoute(): Route {
  return route({
    method: 'GET',
    path: '/api/v1/contracts',
    tag: 'contracts',
    summary: 'Every contract with its actions: schemas of input and output, and the errors that may come.',
    access: { kind: 'open' },
    params: NoParams,
    query: NoQuery,
    body: 'none',
    answers: { 200: Type.Object({ items: Type.Array(ContractView) }) },
    handle: async () => ({ status: 200, json: { items: CONTRACTS as unknown as JsonValue[] } }),
  });
}

function bindingRoutes({ contracts }: Services): Route[] {
  const base = { tag: 'contracts', query: NoQuery } as const;
  return [
    route({
      ...base,
      method: 'GET',
      path: '/api/v1/orgs/:org/contracts',
      summary: 'What installed plugins implement, and who answers it.',
      access: MEMBER,
      params: OrgParams,
      body: 'none',
      answers: { 200: Type.Object({ items: Type.Array(BindingView) }) },
      handle: async ({ caller }) => ({
        status: 200,
        json: { items: toJson(await contracts.bindings.list(caller.org.id)) },
      }),
    }),
    route({
      ...base,
      method: 'GET',
      path: '/api/v1/orgs/:org/contracts/:contract/binding',
      summary: 'Who answers a contract, and who else could.',
      access: MEMBER,
      params: ContractParams,
      body: 'none',
      answers: { 200: BindingView },
      handle: async ({ caller, params }) => ({
        status: 200,
        json: toJson(await contracts.bindings.read(caller.org.id, params.contract)),
      }),
    }),
    route({
      ...base,
      method: 'PUT',
      path: '/api/v1/orgs/:org/contracts/:contract/binding',
      summary: 'Says which plugin answers a contract; null leaves it to the one that was installed first.',
      access: ADMIN,
      params: ContractParams,
      body: Type.Object({ plugin: NoPlugin }, closed),
      answers: { 200: BindingView },
      handle: async ({ caller, params, body }) => {
        const plugin = body.plugin === null ? null : requirePluginId(body.plugin);
        const view = await contracts.bindings.bind(actingAs(caller), params.contract, plugin);
        return { status: 200, json: toJson(view) };
      },
    }),
  ];
}

function callRoute({ contracts }: Services): Route {
  return route({
    method: 'POST',
    path: '/api/v1/orgs/:org/contracts/:contract/:action',
    tag: 'contracts',
    summary:
      'Calls a contract: one plugin, all, the first that succeeds, or each with what the one before answered.',
    access: CALLER,
    params: Type.Object({ ...ContractParams.properties, action: Type.String() }),
    query: NoQuery,
    body: Type.Object(
      {
        input: Type.Unknown({ description: 'As the schema of the action says.' }),
        mode: Type.Optional(words(DISPATCH_MODES)),
        plugin: Type.Optional(
          Type.String({ maxLength: 120, description: 'With the mode one: who is to answer.' }),
        ),
      },
      closed,
    ),
    answers: { 200: AnswerView },
    handle: async ({ caller, params, body, requestId, raw }) => {
      const answer = await contracts.callFor(actorOf(caller.principal), {
        orgId: caller.org.id,
        contract: params.contract,
        action: params.action,
        input: (body.input ?? null) as JsonValue,
        mode: body.mode ?? 'one',
        ...(body.plugin === undefined ? {} : { plugin: requirePluginId(body.plugin) }),
        caller: userCaller(caller),
        requestId,
        signal: raw.signal,
      });
      return { status: 200, json: answerJson(answer) };
    },
  });
}

/** A member as guests see one. */
export function userCaller({ principal, role }: OrgAccess): Caller {
  return { kind: 'user', id: principal.id, role };
}

function answerJson({ failures, ...answer }: ContractAnswer): JsonValue {
  return toJson({
    ...answer,
    failures: failures.map(({ plugin, code, message }) => ({ plugin, code, message })),
  });
}
