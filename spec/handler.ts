/**
 * The named handlers of a plugin, besides `fetch` and the lifecycle hooks: what the manifest declares, what the default
 * export must then have, and with what each is run.
 *
 * ```
 * commands[name](args, host)             contributes.commands
 * contracts[contract][action](input, host)   contributes.contracts
 * events[subscription](event, host)      contributes.events.subscribes
 * schedules[name](tick, host)            contributes.schedules
 * ```
 */
import { findContract } from './contracts/catalogue.ts';
import type { JsonObject, JsonValue } from './json.ts';
import type { TriggerKind } from './limits.ts';
import type { Manifest } from './manifest.ts';
import type { PluginId } from './plugin-id.ts';

/** An event as it reaches a handler; the same `id` may come again, since delivery is at least once. */
export type DeliveredEvent = {
  readonly id: string;
  readonly name: string;
  /** Events of one key reach a subscriber in order; null where order does not matter. */
  readonly key: string | null;
  readonly data: JsonValue;
  /** RFC 3339, in UTC. */
  readonly emittedAt: string;
  /** The plugin that emitted it, or `core`. */
  readonly emitter: PluginId | 'core';
  /** 1 for the first delivery. */
  readonly attempt: number;
};

/** One tick of a schedule. */
export type ScheduleTick = {
  /** RFC 3339, in UTC: the time that the schedule names, not the time of the run. */
  readonly scheduledAt: string;
} & JsonObject;

/** Work in the background: such runs have the limits of jobs. */
export type JobReference = { readonly id: string };

/** Why a named handler runs. */
export type HandlerTrigger =
  | {
      readonly kind: 'command';
      readonly command: string;
      readonly args: JsonObject;
      readonly job?: JobReference;
    }
  | {
      readonly kind: 'contract';
      readonly contract: string;
      readonly action: string;
      readonly input: JsonValue;
      readonly job?: JobReference;
    }
  | {
      readonly kind: 'event';
      /** As the manifest writes it under `subscribes`: the name of the event, or the pattern that it fits. */
      readonly subscription: string;
      readonly event: DeliveredEvent;
    }
  | { readonly kind: 'schedule'; readonly schedule: string; readonly tick: ScheduleTick };

/** @returns whose limits apply: a command or contract that runs as a job has a job's */
export function limitedAs(trigger: { readonly kind: TriggerKind; readonly job?: JobReference }): TriggerKind {
  return trigger.job === undefined ? trigger.kind : 'job';
}

/** Where in the default export a handler stands: `['commands', 'import-organizations']`. */
export type HandlerPath = readonly string[];

/** @returns where the handler of the trigger stands */
export function handlerPath(trigger: HandlerTrigger): HandlerPath {
  switch (trigger.kind) {
    case 'command':
      return ['commands', trigger.command];
    case 'contract':
      return ['contracts', trigger.contract, trigger.action];
    case 'event':
      return ['events', trigger.subscription];
    case 'schedule':
      return ['schedules', trigger.schedule];
  }
}

/** @returns what the handler is given as its first argument */
export function handlerInput(trigger: HandlerTrigger): JsonValue {
  switch (trigger.kind) {
    case 'command':
      return trigger.args;
    case 'contract':
      return trigger.input;
    case 'event':
      return { ...trigger.event };
    case 'schedule':
      return trigger.tick;
  }
}

/** @returns every handler that the default export must have for the manifest to be true */
export function declaredHandlers({ contributes = {} }: Pick<Manifest, 'contributes'>): HandlerPath[] {
  return [
    ...(contributes.commands ?? []).map(({ name }) => ['commands', name]),
    ...(contributes.contracts ?? []).flatMap(contractHandlers),
    ...(contributes.events?.subscribes ?? []).map((name) => ['events', name]),
    ...(contributes.schedules ?? []).map(({ name }) => ['schedules', name]),
  ];
}

function contractHandlers(id: string): HandlerPath[] {
  const contract = findContract(id);
  return contract ? Object.keys(contract.actions).map((action) => ['contracts', id, action]) : [];
}

/** @returns whether the two name the same handler */
export function isSameHandler(one: HandlerPath, other: HandlerPath): boolean {
  return one.length === other.length && one.every((name, index) => name === other[index]);
}
