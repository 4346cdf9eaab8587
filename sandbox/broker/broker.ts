/**
 * The one path of every host call: known → shape → granted → act → copied back.
 *
 * What a guest may do is decided here, from the supervisor's record of the run; the runner's frame only says which run
 * asks, and for what.
 */
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';

import { argumentFault, deniedSentence } from '../../spec/host/call-refusal.ts';
import type { JsonObject, JsonValue } from '../../spec/json.ts';
import { ISOLATE_LIMITS } from '../../spec/limits.ts';
import { coversPermission, type Permission } from '../../spec/permission.ts';
import { Refusal } from '../../spec/refusal.ts';
import type { ErrorData } from '../guest/bridge.ts';
import type { Capability, Guest, HostCallContext, SandboxObserver } from '../ports.ts';

export type BrokerAnswer = { readonly failed: boolean; readonly text: string };

export type Broker = {
  /** The capabilities as a guest is told of them. */
  readonly services: readonly { readonly name: string; readonly parameters: readonly string[] }[];
  /** @param argumentsText JSON as the guest wrote it; never trusted to be JSON */
  call(name: string, argumentsText: string, context: HostCallContext): Promise<BrokerAnswer>;
};

type Entry = { readonly capability: Capability; readonly validate: ValidateFunction };

/** @throws Fault through ajv when a capability's schema is unsound */
export function createBroker(capabilities: readonly Capability[], observer: SandboxObserver): Broker {
  const ajv = new Ajv2020({ strict: true, allErrors: false, ownProperties: true });
  const entries = new Map<string, Entry>(
    capabilities.map((capability) => [
      capability.name,
      { capability, validate: ajv.compile(capability.argumentSchema) },
    ]),
  );
  const decide = async (name: string, text: string, context: HostCallContext): Promise<BrokerAnswer> => {
    const entry = entries.get(name);
    if (!entry) return refuse('TypeError', 'capability_unknown', `this host has no ${name}`);
    const args = readArguments(entry, text);
    if (typeof args === 'string') return refuse('TypeError', 'arguments_invalid', `${name}: ${args}`);
    const permission = entry.capability.requires(args);
    if (!isGranted(context.guest, permission)) {
      observer.callDenied(context.guest, name, permission);
      return denied(name, permission as Permission);
    }
    try {
      return copyBack(name, await entry.capability.act(args, context));
    } catch (error) {
      // What only shows while it acts, such as where a redirect leads.
      if (!permission || !(error instanceof Refusal) || error.code !== 'permission_denied') throw error;
      observer.callDenied(context.guest, name, permission);
      return refuse('PermissionDenied', 'permission_denied', error.message, permission.name);
    }
  };
  return {
    services: capabilities.map(({ name, parameters }) => ({ name, parameters: parameters ?? [] })),
    call: async (name, text, context) => {
      try {
        return await decide(name, text, context);
      } catch (error) {
        if (error instanceof Refusal) return refused(error);
        observer.callFailed(context.guest, name, context.requestId, error);
        return refuse('HostError', 'internal_error', `${name} failed`);
      }
    },
  };
}

/** @returns the arguments, or a sentence that says what is wrong with them */
function readArguments(entry: Entry, text: string): JsonObject | string {
  let args: unknown;
  try {
    args = JSON.parse(text);
  } catch {
    return 'the arguments are not JSON';
  }
  return entry.validate(args) ? (args as JsonObject) : argumentFault(entry.validate.errors);
}

function isGranted(guest: Guest, permission: Permission | null): boolean {
  return permission === null || guest.grants.some((grant) => coversPermission(grant, permission));
}

function copyBack(name: string, value: JsonValue): BrokerAnswer {
  const text = JSON.stringify(value ?? null);
  if (text.length > ISOLATE_LIMITS.answerCharsMax)
    return refuse(
      'RangeError',
      'answer_too_large',
      `the answer of ${name} is larger than a guest may be given`,
    );
  return { failed: false, text };
}

function denied(name: string, permission: Permission): BrokerAnswer {
  return refuse('PermissionDenied', 'permission_denied', deniedSentence(name, permission), permission.name);
}

/** With the members that a problem document of the same refusal has, such as `contractError`. */
function refused({ code, message, extensions }: Refusal): BrokerAnswer {
  const data: ErrorData = { name: 'HostError', code, message, extensions };
  const text = JSON.stringify(data);
  if (text.length > ISOLATE_LIMITS.answerCharsMax) return refuse('HostError', code, message);
  return { failed: true, text };
}

function refuse(name: string, code: string, message: string, permission?: string): BrokerAnswer {
  const data: ErrorData = { name, code, message, ...(permission === undefined ? {} : { permission }) };
  return { failed: true, text: JSON.stringify(data) };
}
