/**
 * LISTEN on one dedicated connection that comes back by itself. PostgreSQL keeps no notification for who is away,
 * so a listener is told when the line is lost (what it knows may be stale from now on) and when it is back.
 */
import { Client, type ClientConfig } from 'pg';
import { setTimeout as sleep } from 'node:timers/promises';
import { Fault } from '../spec/refusal.ts';

export type Listener = {
  /** @param payload as sent, at most 7999 bytes */
  notified(payload: string): void;
  /** The line broke: notifications are being missed from here on. Called once for each loss. */
  lost?(): void;
  /** The line is up, for the first time or again: read what was missed. */
  connected?(): void;
};

export type Notifications = {
  /**
   * Listens until the returned function is called. Resolves when PostgreSQL has confirmed the LISTEN, or at once
   * while the line is down: `connected` tells.
   */
  listen(channel: string, listener: Listener): Promise<() => void>;
  /** Hands a notification to the listeners of this process. */
  deliver(channel: string, payload: string): void;
  /** Whether every notification sent now would arrive. */
  state(): 'connected' | 'lost';
  close(): Promise<void>;
};

const CHANNEL = /^[a-z][a-z0-9_]{0,62}$/u;
const RETRY_MS = 250;
/** A line that is cut without a sign (a firewall, a dead host) is noticed by a question without an answer. */
const HEARTBEAT_MS = 1_000;
const ANSWER_MS_MAX_DEFAULT = 2_000;

/** So many attempts in a row that nobody answered: the database is silent, not slow. Ten seconds or more. */
const SILENT_ATTEMPTS_MIN = 4;

/** What a connection is made of, and how long it may take to answer. */
type Wire = { readonly config: ClientConfig; readonly answerMsMax: number };
type Line = { readonly client: Client; readonly broken: Promise<void> };
/** `heard` once PostgreSQL has confirmed every LISTEN on the line. */
type State = { line: Line | undefined; heard: boolean; closed: boolean; unanswered: number };

/** The listeners of this process, by channel. */
type Directory = {
  channels(): string[];
  add(channel: string, listener: Listener): () => void;
  deliver(channel: string, payload: string): void;
  tellAll(event: 'lost' | 'connected'): void;
};

/**
 * Opens the line. It is up when the promise resolves, if the database could be reached.
 *
 * @param silent called again and again while the database takes connections and says nothing, as one that hangs does,
 * or one behind a network that is cut
 * @param answerMsMax how long the database may take to let the line in, and to answer on it
 */
export async function openNotifications(
  config: ClientConfig,
  silent: () => void,
  answerMsMax: number = ANSWER_MS_MAX_DEFAULT,
): Promise<Notifications> {
  const wire: Wire = { config, answerMsMax };
  const directory = createDirectory();
  const state: State = { line: undefined, heard: false, closed: false, unanswered: 0 };
  await attempt(wire, directory, state);
  const keeping = keepUp(wire, directory, state, silent);
  return {
    state: () => (state.heard ? 'connected' : 'lost'),
    deliver: directory.deliver,
    listen: async (channel, listener) => {
      if (!CHANNEL.test(channel)) {
        throw new Fault('a notification channel has a name that would need quoting');
      }
      const remove = directory.add(channel, listener);
      const isConfirmed = state.line !== undefined && (await listenOn(state.line, channel));
      if (isConfirmed && state.heard) listener.connected?.();
      return remove;
    },
    close: async () => {
      state.closed = true;
      await state.line?.client.end().catch(() => undefined);
      await keeping;
    },
  };
}

async function attempt(wire: Wire, directory: Directory, state: State): Promise<void> {
  // The line is known before the channels are read, so that a `listen` in this moment is made by one of the two.
  state.line = await connect(wire, directory.deliver).catch((error: unknown) => {
    state.unanswered = isUnanswered(error) ? state.unanswered + 1 : 0;
    return undefined;
  });
  const { line } = state;
  if (!line) return;
  state.unanswered = 0;
  for (const channel of directory.channels()) {
    if (await listenOn(line, channel)) continue;
    state.line = undefined;
    return;
  }
  state.heard = true;
  directory.tellAll('connected');
}

/**
 * A line that takes one LISTEN not is none, though it stays: a standby lets everybody in, takes no LISTEN (PostgreSQL,
 * section 27.4.1), and lives on as the primary, where nobody would listen. It is broken, for another attempt.
 */
async function listenOn({ client }: Line, channel: string): Promise<boolean> {
  try {
    await client.query(`listen ${channel}`);
    return true;
  } catch {
    client.emit('error', new Fault('the line takes no LISTEN'));
    return false;
  }
}

/** Alternates between waiting for the line to break and trying to have it again, until closed. */
async function keepUp(wire: Wire, directory: Directory, state: State, silent: () => void): Promise<void> {
  while (!state.closed) {
    if (state.line) {
      await state.line.broken;
      state.line = undefined;
      state.heard = false;
      directory.tellAll('lost');
    } else {
      await sleep(RETRY_MS, undefined, { ref: false });
      if (!state.closed) await attempt(wire, directory, state);
      if (state.unanswered >= SILENT_ATTEMPTS_MIN) silent();
    }
  }
  // Closed while an attempt was under way.
  await state.line?.client.end().catch(() => undefined);
}

function createDirectory(): Directory {
  const listeners = new Map<string, Set<Listener>>();
  return {
    channels: () => [...listeners.keys()],
    add: (channel, listener) => {
      const set = listeners.get(channel) ?? new Set<Listener>();
      listeners.set(channel, set.add(listener));
      return () => void set.delete(listener);
    },
    deliver: (channel, payload) => {
      for (const listener of listeners.get(channel) ?? []) listener.notified(payload);
    },
    tellAll: (event) => {
      for (const set of listeners.values()) for (const listener of set) listener[event]?.();
    },
  };
}

async function connect({ config, answerMsMax }: Wire, deliver: Directory['deliver']): Promise<Line> {
  const client = new Client({
    ...config,
    connectionTimeoutMillis: answerMsMax,
    query_timeout: answerMsMax,
  });
  const broken = new Promise<void>((resolve) => {
    client.once('error', () => resolve());
    client.once('end', () => resolve());
  });
  client.on('error', () => void client.end().catch(() => undefined));
  client.on('notification', ({ channel, payload }) => deliver(channel, payload ?? ''));
  await client.connect();
  void watchHeartbeat(client, broken);
  return { client, broken };
}

/** What pg says when its `connectionTimeoutMillis` are over; it has no code for it. */
function isUnanswered(error: unknown): boolean {
  return error instanceof Error && error.message === 'timeout expired';
}

async function watchHeartbeat(client: Client, broken: Promise<void>): Promise<void> {
  const over = new AbortController();
  void broken.then(() => over.abort());
  while (!over.signal.aborted) {
    await sleep(HEARTBEAT_MS, undefined, { ref: false, signal: over.signal }).catch(() => undefined);
    if (over.signal.aborted) return;
    await client.query('select').catch(() => client.emit('error', new Fault('the line is silent')));
  }
}
