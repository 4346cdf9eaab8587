/** `souk plugin request|requests|decide`: members ask for a plugin, administrators answer. */
import { openClient } from '../api-client.ts';
import { requireOrg, type ServerOptions } from '../credentials.ts';
import type { Io } from '../io.ts';
import { orgPath, requirePluginId } from '../plugin-path.ts';
import type { Report } from '../report.ts';
import { done, withOrg } from '../server-verb.ts';
import type { AddVerb, Shell } from '../shell.ts';

type Request = {
  readonly id: string;
  readonly plugin: string;
  readonly reason: string;
  readonly state: 'open' | 'granted' | 'declined';
  readonly answer: string | null;
};

type DecideOptions = ServerOptions & { readonly answer: string };

export function registerRequestVerbs({ io, report }: Shell, verb: AddVerb): void {
  withOrg(verb('request', 'ask the administrators for a plugin'))
    .argument('<plugin>', 'publisher/name')
    .requiredOption('--reason <text>', 'what you need it for')
    .action((plugin: string, options: ServerOptions & { reason: string }) =>
      report(options, () => ask(io, plugin, options)),
    );
  withOrg(verb('requests', 'what members asked for: open ones first')).action((options: ServerOptions) =>
    report(options, () => list(io, options)),
  );
  withOrg(verb('decide', 'grant or decline a request; installing is another step'))
    .argument('<request>', 'the id that souk plugin requests shows')
    .argument('<decision>', 'granted or declined')
    .option('--answer <text>', 'what you say to it', '')
    .action((request: string, decision: string, options: DecideOptions) =>
      report(options, () => decide(io, request, decision, options)),
    );
}

async function ask(io: Io, plugin: string, options: ServerOptions & { reason: string }): Promise<Report> {
  const body = { plugin: requirePluginId(plugin), reason: options.reason };
  const answer = await (await openClient(io, options)).send<Request>('POST', requestsPath(io, options), body);
  return done([lineOf(answer)], answer);
}

async function list(io: Io, options: ServerOptions): Promise<Report> {
  const answer = await (await openClient(io, options)).list<Request>(requestsPath(io, options));
  const items = answer.items;
  return done(items.length === 0 ? ['nobody asked for anything'] : items.map(lineOf), answer);
}

async function decide(io: Io, request: string, state: string, options: DecideOptions): Promise<Report> {
  const path = `${requestsPath(io, options)}/${encodeURIComponent(request)}/decision`;
  const answer = await (
    await openClient(io, options)
  ).send<Request>('POST', path, { state, answer: options.answer });
  return done([lineOf(answer)], answer);
}

function requestsPath(io: Io, options: ServerOptions): string {
  return `${orgPath(requireOrg(io, options))}/requests`;
}

function lineOf({ id, plugin, reason, state, answer }: Request): string {
  return `${id} ${state} ${plugin}: ${reason}${answer ? ` (answer: ${answer})` : ''}`;
}
