/** `souk contract …`: who answers contracts in an organization, and calling them. */
import type { JsonObject, JsonValue } from '../../spec/json.ts';
import { Refusal } from '../../spec/refusal.ts';
import { parseStrictJson } from '../../spec/strict-json.ts';
import { openClient } from '../api-client.ts';
import { requireOrg, type ServerOptions } from '../credentials.ts';
import type { Io } from '../io.ts';
import { orgPath } from '../plugin-path.ts';
import type { Report } from '../report.ts';
import { done, withOrg } from '../server-verb.ts';
import type { Shell } from '../shell.ts';

type Binding = {
  readonly contract: string;
  readonly plugin: string | null;
  readonly origin: string;
  readonly implementations: readonly { readonly plugin: string }[];
};

type CallOptions = ServerOptions & { readonly mode: string; readonly plugin?: string };

const INPUT_DEPTH_MAX = 32;

export function registerContract({ io, report, group }: Shell): void {
  const verb = group('contract', 'interfaces that plugins implement');
  withOrg(verb('list', 'what installed plugins implement, and who answers it')).action(
    (options: ServerOptions) => report(options, () => list(io, options)),
  );
  withOrg(verb('bind', 'say which plugin answers a contract; without one, the first that was installed'))
    .argument('<contract>', 'such as communication@1')
    .argument('[plugin]', 'publisher/name')
    .action((contract: string, plugin: string | undefined, options: ServerOptions) =>
      report(options, () => bind(io, contract, plugin ?? null, options)),
    );
  withOrg(verb('call', 'call an action of a contract'))
    .argument('<contract>', 'such as communication@1')
    .argument('<action>', 'such as createGroup')
    .argument('[input]', 'JSON', '{}')
    .option('--mode <mode>', 'one, all, first or pipeline', 'one')
    .option('--plugin <plugin>', 'with the mode one: who is to answer')
    .action((contract: string, action: string, input: string, options: CallOptions) =>
      report(options, () => call(io, { contract, action, input }, options)),
    );
}

async function list(io: Io, options: ServerOptions): Promise<Report> {
  const client = await openClient(io, options);
  const answer = await client.get<{ items: Binding[] }>(`${orgPath(requireOrg(io, options))}/contracts`);
  const bindings = answer.items;
  return done(
    bindings.length === 0 ? ['no plugin implements a contract'] : bindings.map(bindingLine),
    answer,
  );
}

async function bind(
  io: Io,
  contract: string,
  plugin: string | null,
  options: ServerOptions,
): Promise<Report> {
  const client = await openClient(io, options);
  const path = `${orgPath(requireOrg(io, options))}/contracts/${encodeURIComponent(contract)}/binding`;
  const answer = await client.send<Binding>('PUT', path, { plugin });
  return done([bindingLine(answer)], answer);
}

function bindingLine({ contract, plugin, origin, implementations }: Binding): string {
  const others = implementations.map((each) => each.plugin).filter((each) => each !== plugin);
  const besides = others.length === 0 ? '' : `; ${others.join(', ')} could too`;
  return `${contract}: ${plugin ?? 'nobody'} answers (${origin})${besides}`;
}

async function call(
  io: Io,
  { contract, action, input }: { readonly contract: string; readonly action: string; readonly input: string },
  { mode, plugin, ...options }: CallOptions,
): Promise<Report> {
  const body = { input: readJsonArgument(input), mode, ...(plugin === undefined ? {} : { plugin }) };
  const client = await openClient(io, options);
  const org = orgPath(requireOrg(io, options));
  const path = `${org}/contracts/${encodeURIComponent(contract)}/${encodeURIComponent(action)}`;
  const answer = await client.send('POST', path, body);
  return done(JSON.stringify(shown(answer), null, 2).split('\n'), answer);
}

function shown({ mode, output, results, failures }: JsonObject): JsonValue {
  return mode === 'all' ? { results: results ?? [], failures: failures ?? [] } : (output ?? null);
}

function readJsonArgument(text: string): JsonValue {
  const json = parseStrictJson(Buffer.from(text, 'utf8'), INPUT_DEPTH_MAX);
  if (json.kind === 'value') return json.value;
  throw new Refusal('body_not_json', {
    detail: `The input ${json.faults[0]?.message}.`,
    hint: 'Write it as JSON.',
  });
}
