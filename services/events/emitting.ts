/**
 * Events that plugins emit. Those of one organization that are emitted while another of it is being written are written
 * together next, in their order: under load a transaction costs more than the events in it. Each is refused on its own.
 */
import { compileGuestSchema, type GuestValidator } from '../../spec/guest-validator.ts';
import { requireDeclaredEvent } from '../../spec/host/event-checks.ts';
import type { Emitted, EmittingGuest, EventPort, NewEvent } from '../../spec/host/events.ts';
import type { JsonObject } from '../../spec/json.ts';
import type { Causes } from '../../spec/host/causes.ts';
import { checkNew, emittedOf, planEvent, writeEvents, type PlannedEvent } from './emit.ts';
import type { Quota } from './quota.ts';
import { storeOf, type EventCall, type EventStore } from './store.ts';
import type { Party } from './subscribers.ts';

type Ports = {
  readonly call: EventCall;
  readonly causes: Causes;
  readonly quota: Quota;
  /** Wakes who delivers, on all servers. */
  readonly wake: () => void;
};

type Asked = {
  readonly guest: EmittingGuest;
  readonly event: NewEvent;
  readonly depth: number;
  readonly resolve: (emitted: Emitted) => void;
  readonly reject: (error: unknown) => void;
};

/** One organization's: at work while a transaction of it is. */
type Line = { readonly waiting: Asked[]; isAtWork: boolean };

/** With data of 64 KiB each a transaction takes 2 MiB. */
const TOGETHER_MAX = 32;
const VALIDATORS_MAX = 500;
/** An installation that has gone meanwhile declares nothing. */
const NOBODY: Pick<Party, 'digest' | 'emits'> = { digest: '', emits: null };

export function createEmitting(ports: Ports): EventPort['emitFor'] {
  const lines = new Map<string, Line>();
  const compilerOf = createCompilers();
  return async (guest, event) => {
    const depth = ports.causes.depthOf(guest.requestId) + 1;
    checkNew({ emitter: guest.plugin, depth }, event);
    const { promise, resolve, reject } = Promise.withResolvers<Emitted>();
    const line = lines.get(guest.orgId) ?? { waiting: [], isAtWork: false };
    lines.set(guest.orgId, line);
    line.waiting.push({ guest, event, depth, resolve, reject });
    if (!line.isAtWork) void work(guest.orgId, line);
    return promise;
  };

  async function work(orgId: string, line: Line): Promise<void> {
    line.isAtWork = true;
    while (line.waiting.length > 0) await emitTogether(orgId, line.waiting.splice(0, TOGETHER_MAX));
    lines.delete(orgId);
  }

  async function emitTogether(orgId: string, asked: readonly Asked[]): Promise<void> {
    const planned = new Map<Asked, PlannedEvent>();
    const store = storeOf(ports.call, orgId);
    try {
      const parties = await store.parties(asked.map(({ guest }) => guest.installationId));
      for (const each of asked) await plan(store, each, parties, planned);
      if (planned.size > 0) await writeEvents(store, orgId, [...planned.values()]);
      if ([...planned.values()].some(({ hearers }) => hearers.length > 0)) ports.wake();
      for (const [{ resolve }, event] of planned) resolve(emittedOf(event));
    } catch (error) {
      for (const { reject } of asked) reject(error);
    }
  }

  async function plan(
    store: EventStore,
    asked: Asked,
    parties: readonly Party[],
    planned: Map<Asked, PlannedEvent>,
  ): Promise<void> {
    const { guest, event, depth, reject } = asked;
    const own = parties.find(({ id }) => id === guest.installationId) ?? NOBODY;
    try {
      requireDeclaredEvent(own.emits, event, compilerOf(own, event));
      const made = planEvent({ emitter: guest.plugin, depth }, event, parties);
      await ports.quota.take(store, guest.orgId, made.hearers.length);
      planned.set(asked, made);
    } catch (error) {
      reject(error);
    }
  }
}

type CompilerOf = (party: Pick<Party, 'digest'>, event: NewEvent) => (schema: JsonObject) => GuestValidator;

function createCompilers(): CompilerOf {
  const validators = new Map<string, GuestValidator>();
  return ({ digest }, { name }) =>
    (schema) => {
      const id = `${digest} ${name}`;
      const validate = validators.get(id) ?? compileGuestSchema(schema);
      if (validators.size >= VALIDATORS_MAX) validators.clear();
      validators.set(id, validate);
      return validate;
    };
}
