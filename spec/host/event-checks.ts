/** What an event is refused for wherever it is emitted, and who hears it. */
import { fitsPattern, isEventName, namesOfEvent } from '../event-name.ts';
import type { GuestValidator } from '../guest-validator.ts';
import type { JsonObject } from '../json.ts';
import { EVENT_LIMITS } from '../limits.ts';
import { coversPermission, type Permission } from '../permission.ts';
import type { PluginId } from '../plugin-id.ts';
import { Refusal } from '../refusal.ts';
import type { NewEvent } from './events.ts';

/** @throws Refusal `event_invalid` */
export function checkEvent({ name, key, data }: NewEvent): void {
  if (!isEventName(name)) throw invalid(`${JSON.stringify(name.slice(0, 130))} is no name of an event.`);
  if (typeof key === 'string' && (key === '' || Buffer.byteLength(key, 'utf8') > EVENT_LIMITS.keyBytesMax)) {
    throw invalid(`The key has to have 1 to ${EVENT_LIMITS.keyBytesMax} bytes.`);
  }
  if (typeof key === 'string' && (key.includes('\0') || !key.isWellFormed())) {
    throw invalid('The key holds U+0000 or half a surrogate pair.');
  }
  const bytes = Buffer.byteLength(JSON.stringify(data), 'utf8');
  if (bytes > EVENT_LIMITS.dataBytesMax) {
    throw invalid(`The data has ${bytes} bytes as JSON; at most ${EVENT_LIMITS.dataBytesMax} are taken.`);
  }
}

function invalid(detail: string): Refusal {
  return new Refusal('event_invalid', { detail });
}

/** @param depth events that led to this one, itself included. @throws Refusal `event_depth_exceeded` */
export function checkDepth(depth: number): void {
  if (depth <= EVENT_LIMITS.depthMax) return;
  throw new Refusal('event_depth_exceeded', {
    detail: `${depth - 1} events led to this one, each emitted on account of the one before.`,
  });
}

/**
 * @param waiting deliveries of the organization that wait
 * @param more that an event adds
 * @throws Refusal `events_too_many`
 */
export function requireEventRoom(waiting: number, more: number): void {
  if (waiting + more <= EVENT_LIMITS.waitingPerOrganizationMax) return;
  throw new Refusal('events_too_many', {
    detail: `${waiting} events of this organization wait to be delivered; at most ${EVENT_LIMITS.waitingPerOrganizationMax} may.`,
  });
}

/**
 * @param emits the manifest's `contributes.events.emits`
 * @param compile makes a validator of the event's schema
 * @throws Refusal `event_undeclared`, `event_data_invalid`
 */
export function requireDeclaredEvent(
  emits: Readonly<Record<string, JsonObject>> | null | undefined,
  { name, data }: NewEvent,
  compile: (schema: JsonObject) => GuestValidator,
): void {
  const schema = emits && Object.hasOwn(emits, name) ? emits[name] : undefined;
  if (!schema) {
    throw new Refusal('event_undeclared', {
      detail: `The plugin declares no event ${JSON.stringify(name.slice(0, 130))}.`,
    });
  }
  const violations = compile(schema)(data);
  const [first] = violations;
  if (!first) return;
  throw new Refusal('event_data_invalid', {
    detail: `The data of ${name}: ${first.pointer || 'it'} ${first.message}.`,
    violations,
  });
}

/** Who may hear events: what its manifest subscribes, and what it was granted. */
export type Subscriber = {
  readonly subscribes: readonly string[];
  readonly grants: readonly Permission[];
};

/** @returns the subscription under which the party hears the event: its name first, then the longest pattern */
export function subscriptionOf(
  party: Subscriber,
  emitter: PluginId | 'core',
  name: string,
): string | undefined {
  const heard = namesOfEvent(emitter, name).filter((each) => mayHear(party, each));
  return party.subscribes
    .filter((pattern) => heard.some((each) => fitsPattern(pattern, each)))
    .sort(
      (left, right) =>
        Number(left.endsWith('.*')) - Number(right.endsWith('.*')) || right.length - left.length,
    )[0];
}

function mayHear({ grants }: Subscriber, name: string): boolean {
  const needed: Permission = { name: 'events.subscribe', scope: [name] };
  return grants.some((grant) => coversPermission(grant, needed));
}
