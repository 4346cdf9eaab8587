/**
 * What runs a plugin beside its endpoints, by hand: `POST /dev/{publisher}/{name}/` and one of `health`, `activate`,
 * `deactivate`, `commands/{name}`, `contracts/{contract}/{action}`, `events/{name}`, `schedules/{name}` or
 * `imports/{kind}`. The body is the JSON that the handler is given, or a form with files.
 */
import { randomUUID } from 'node:crypto';
import type { Caller, Completion, Trigger } from '../../sandbox/index.ts';
import { runImport } from '../../sdk/memory/run-import.ts';
import { notImplemented } from '../../spec/contracts/binding.ts';
import { compileGuestSchema } from '../../spec/guest-validator.ts';
import {
  requireDeclaredHandler,
  requireFittingArguments,
  requireFittingInput,
} from '../../spec/handler-checks.ts';
import { subscriptionOf } from '../../spec/host/event-checks.ts';
import type { JsonObject, JsonValue } from '../../spec/json.ts';
import { IMPORT_KINDS } from '../../spec/modules/core-modules.ts';
import { importerOf } from '../../spec/records/importer-call.ts';
import { Refusal } from '../../spec/refusal.ts';
import { type DevInput, isObject, readInput, type Sent } from './dev-input.ts';
import { DEV_ORG, type DevPlugin } from './dev-plugin.ts';
import type { DevSession } from './dev-session.ts';

export type Control = Sent & {
  /** The rest of the address. */
  readonly words: readonly string[];
  readonly caller: Caller;
};

export type ControlAnswer =
  | { readonly kind: 'run'; readonly completion: Completion }
  /** What is wanted, and not done yet. */
  | { readonly kind: 'job'; readonly json: object }
  | { readonly kind: 'json'; readonly json: object };

type Asked = {
  readonly session: DevSession;
  readonly plugin: DevPlugin;
  readonly input: DevInput;
  readonly caller: Caller;
  readonly query: URLSearchParams;
};

/**
 * @throws Refusal `not_found`, `handler_unknown`, `command_arguments_invalid`, `handler_input_too_large`, those of
 *   `readInput`, of contracts and of jobs
 */
export async function runControl(
  session: DevSession,
  plugin: DevPlugin,
  { words, caller, ...sent }: Control,
): Promise<ControlAnswer> {
  const { io, services } = session;
  const input = await readInput({ io, folder: plugin.folder, files: services.files }, sent);
  let answer: ControlAnswer | undefined;
  try {
    answer = await answerTo({ session, plugin, input, caller, query: sent.query }, words);
    return answer;
  } finally {
    // A job reads its files later.
    if (answer?.kind !== 'job') services.files.release(input.files);
  }
}

async function answerTo(
  asked: Asked,
  [kind, name = '', action = '']: readonly string[],
): Promise<ControlAnswer> {
  const { plugin, input } = asked;
  switch (kind) {
    case 'health':
      return runBySystem(asked, { kind });
    case 'activate':
    case 'deactivate':
      return runBySystem(asked, { kind: 'lifecycle', hook: kind });
    case 'commands':
      return runCommand(asked, name);
    case 'contracts':
      return callContract(asked, name, action);
    case 'events':
      return runBySystem(asked, requireDeclared(plugin, eventOf(plugin, name, input.data)));
    case 'schedules':
      return runBySystem(asked, requireDeclared(plugin, tickOf(name)));
    case 'imports':
      return importFile(asked, name);
    default:
      throw new Refusal('not_found', {
        detail: 'Known are health, activate, deactivate, commands, contracts, events, schedules and imports.',
      });
  }
}

/** Who runs hooks, health tests, events and schedules on a server as well. */
async function runBySystem({ session, plugin }: Asked, trigger: Trigger): Promise<ControlAnswer> {
  const completion = await session.run(plugin, { trigger, caller: { kind: 'system' } });
  return { kind: 'run', completion };
}

async function runCommand(asked: Asked, command: string): Promise<ControlAnswer> {
  const { session, plugin, input, caller, query } = asked;
  const args = requireArguments(plugin, command, input.data);
  const trigger = requireDeclared(plugin, { kind: 'command', command, args });
  const declared = plugin.manifest.contributes?.commands?.find(({ name }) => name === command);
  const wanted = query.get('background');
  if (declared?.run !== 'job' && wanted !== '' && wanted !== 'true')
    return { kind: 'run', completion: await session.run(plugin, { trigger, caller, files: input.files }) };
  const job = session.services.jobs.want(
    { orgId: DEV_ORG.id, plugin: plugin.manifest.id, command, args, caller, requestId: '', delayMs: 0 },
    input.files,
  );
  return { kind: 'job', json: job };
}

/** Through the dispatch of a server, which holds what goes in and what comes out against the contract. */
async function callContract(asked: Asked, contract: string, action: string): Promise<ControlAnswer> {
  const { session, plugin, input, caller } = asked;
  const { output } = await session.services.callContract({
    orgId: DEV_ORG.id,
    contract,
    action,
    input: input.data,
    mode: 'one',
    plugin: plugin.manifest.id,
    caller,
    requestId: randomUUID(),
    files: input.files,
  });
  return { kind: 'json', json: { value: output } };
}

async function importFile(asked: Asked, wanted: string): Promise<ControlAnswer> {
  const { session, plugin, input, caller } = asked;
  const kind = IMPORT_KINDS.find((each) => each === wanted);
  if (!kind) throw new Refusal('not_found', { detail: `Kinds of import are ${IMPORT_KINDS.join(', ')}.` });
  const { id, version, contributes } = plugin.manifest;
  const { contract: importer } = importerOf(kind);
  if (!contributes?.contracts?.includes(importer)) throw notImplemented(importer, id);
  const [file] = input.files;
  if (!file || input.files.length > 1)
    throw new Refusal('request_invalid', {
      detail: `An import has one file; ${input.files.length} were sent.`,
    });
  const { records, callContract: call } = session.services;
  const ended = await runImport(
    records,
    ({ contract, input: given, files, jobId }) =>
      call({
        orgId: DEV_ORG.id,
        contract,
        action: 'import',
        input: given,
        mode: 'one',
        plugin: id,
        caller,
        requestId: jobId,
        files,
        job: { id: jobId },
      }),
    {
      orgId: DEV_ORG.id,
      kind,
      proposer: { installationId: id, plugin: { id, version }, digest: plugin.guest.digest },
      file,
      options: optionsOf(input),
      mode: input.fields['dryRun'] === 'true' || asked.query.has('dryRun') ? 'dryRun' : 'apply',
    },
  );
  return { kind: 'json', json: ended };
}

/** As the API takes them: JSON in the part `options`. */
function optionsOf({ fields }: DevInput): JsonObject {
  try {
    const options = JSON.parse(fields['options'] ?? '{}') as JsonValue;
    if (isObject(options)) return options;
  } catch {
    // Said below: both are no object.
  }
  throw new Refusal('request_invalid', { detail: 'The part options is not a JSON object.' });
}

function tickOf(schedule: string): Handled {
  return { kind: 'schedule', schedule, tick: { scheduledAt: new Date().toISOString() } };
}

type Handled = Extract<Trigger, { kind: 'command' | 'contract' | 'event' | 'schedule' }>;

function requireDeclared(plugin: DevPlugin, trigger: Handled): Trigger {
  requireDeclaredHandler(plugin.guest.plugin, plugin.guest.handlers ?? [], trigger);
  requireFittingInput(trigger);
  return trigger;
}

function requireArguments({ manifest }: DevPlugin, name: string, data: JsonValue): JsonObject {
  const declared = manifest.contributes?.commands?.find((command) => command.name === name);
  const schema = { type: 'object', ...declared?.arguments };
  requireFittingArguments({ plugin: manifest.id, command: name }, data, compileGuestSchema(schema));
  return data as JsonObject;
}

/** A subscription may be a pattern such as `race.*`; the handler stands under the pattern. */
function eventOf({ manifest, guest }: DevPlugin, name: string, data: JsonValue): Handled {
  const subscribes = manifest.contributes?.events?.subscribes ?? [];
  const subscription = subscriptionOf({ subscribes, grants: guest.grants }, 'core', name) ?? name;
  const at = new Date().toISOString();
  const event = {
    id: randomUUID(),
    name,
    key: null,
    data,
    emittedAt: at,
    emitter: 'core',
    attempt: 1,
  } as const;
  return { kind: 'event', subscription, event };
}
