/**
 * What runs a plugin beside its endpoints, by hand: `POST /dev/{publisher}/{name}/` and one of `health`, `activate`,
 * `deactivate`, `commands/{name}`, `contracts/{contract}/{action}`, `events/{name}`, `schedules/{name}`. The body is
 * the JSON that the handler is given.
 */
import { randomUUID } from 'node:crypto';
import type { Caller, Completion, Trigger } from '../../sandbox/index.ts';
import { compileGuestSchema } from '../../spec/guest-schema.ts';
import {
  requireDeclaredHandler,
  requireFittingArguments,
  requireFittingInput,
} from '../../spec/handler-checks.ts';
import type { JsonObject, JsonValue } from '../../spec/json.ts';
import { Refusal } from '../../spec/refusal.ts';
import type { DevPlugin } from './dev-plugin.ts';
import type { DevSession } from './dev-session.ts';

export type Control = {
  /** The rest of the address. */
  readonly words: readonly string[];
  readonly body: Uint8Array;
  readonly caller: Caller;
};

/**
 * @throws Refusal `not_found`, `handler_unknown`, `body_not_json`, `command_arguments_invalid` or
 *   `handler_input_too_large`
 */
export function runControl(
  session: DevSession,
  plugin: DevPlugin,
  { words, body, caller }: Control,
): Promise<Completion> {
  const trigger = triggerOf(plugin, words, readBody(body));
  const isOurs = trigger.kind === 'lifecycle' || trigger.kind === 'health' || trigger.kind === 'schedule';
  return session.run(plugin, { trigger, caller: isOurs ? { kind: 'system' } : caller });
}

function readBody(body: Uint8Array): JsonValue {
  if (body.byteLength === 0) return {};
  try {
    return JSON.parse(Buffer.from(body).toString('utf8')) as JsonValue;
  } catch {
    throw new Refusal('body_not_json', { detail: 'The body is not JSON.' });
  }
}

function triggerOf(
  plugin: DevPlugin,
  [kind, name = '', action = '']: readonly string[],
  data: JsonValue,
): Trigger {
  switch (kind) {
    case 'health':
      return { kind };
    case 'activate':
    case 'deactivate':
      return { kind: 'lifecycle', hook: kind };
    case 'commands':
      return requireDeclared(plugin, {
        kind: 'command',
        command: name,
        args: requireArguments(plugin, name, data),
      });
    case 'contracts':
      return requireDeclared(plugin, { kind: 'contract', contract: name, action, input: data });
    case 'events':
      return requireDeclared(plugin, eventOf(plugin, name, data));
    case 'schedules':
      return requireDeclared(plugin, {
        kind: 'schedule',
        schedule: name,
        tick: { scheduledAt: new Date().toISOString() },
      });
    default:
      throw new Refusal('not_found', {
        detail: 'Known are health, activate, deactivate, commands, contracts, events and schedules.',
      });
  }
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
function eventOf({ manifest }: DevPlugin, name: string, data: JsonValue): Handled {
  const subscribes = manifest.contributes?.events?.subscribes ?? [];
  const fits = (pattern: string): boolean => pattern.endsWith('.*') && name.startsWith(pattern.slice(0, -1));
  const subscription = subscribes.find((each) => each === name) ?? subscribes.find(fits) ?? name;
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
