/**
 * LISTEN on one dedicated connection that comes back by itself. PostgreSQL keeps no notification for who is away,
 * so a listener is told when the line is lost (what it knows may be stale from now on) and when it is back.
 */
import { Client, type ClientConfig } from 'pg';
import { setTimeout as sleep } from 'node:timers/promises';
import { Fault } from '../spec/refusal.ts';

export type Listener = {
  /** @param payload as sent, at most 7999 bytes */
  readonly notified: (payload: string) => void;
  /** The line broke: notifications are being missed from here on. Called once for each loss. */
  readonly lost?: () => void;
  /** The line is up, for the first time or again: read what was missed. */
  readonly connected?: () => void;
};

export type Notifications = {
  /**
   * Listens until the returned function is called. Resolves when PostgreSQL has confirmed the LISTEN, or at once
   * while the line is down: `connected` tells.
   */
  listen(channel: string, listener: Listener): Promise<() => void>;
  /** Whether every notification sent now would arrive. */
  state(): 'connected' | 'lost';
  close(): Promise<void>;
};

const CHANNEL = /^[a-z][a-z0-9_]{0,62}$/u;
const RETRY_MS = 250;
/** A line that is cut without a sign (a firewall, a dead host) is noticed by a question without an answer. */
const HEARTBEAT_MS = 5_000;

type Line = { readonly client: Client; readonly broken: Promise<void> };

/** Opens the line. It is up when the promise resolves, if the database could be reached. */
export async function openNotifications(config: ClientConfig): Promise<Notifications> {
  const listeners = new Map<string, Set<Listener>>();
  let line: Line | undefined;
  let closed = false;
  const everyListener = (): Listener[] => [...listeners.values()].flatMap((set) => [...set]);
  const deliver = (channel: string, payload: string): void => {
    for (const listener of listeners.get(channel) ?? []) listener.notified(payload);
  };
  const attempt = async (): Promise<void> => {
    line = await connect(config, [...listeners.keys()], deliver).catch(() => undefined);
    if (line) for (const listener of everyListener()) listener.connected?.();
  };
  const keep = async (): Promise<void> => {
    while (!closed) {
      if (line) {
        await line.broken;
        line = undefined;
        if (!closed) for (const listener of everyListener()) listener.lost?.();
      } else {
        await sleep(RETRY_MS, undefined, { ref: false });
        if (!closed) await attempt();
      }
    }
  };
  await attempt();
  const keeping = keep();
  return {
    state: () => (line ? 'connected' : 'lost'),
    listen: async (channel, listener) => {
      if (!CHANNEL.test(channel))
        throw new Fault('a notification channel has a name that would need quoting');
      const set = listeners.get(channel) ?? new Set<Listener>();
      listeners.set(channel, set.add(listener));
      const confirmed = await line?.client.query(`listen ${channel}`).catch(() => undefined);
      if (confirmed) listener.connected?.();
      return () => void set.delete(listener);
    },
    close: async () => {
      closed = true;
      await line?.client.end().catch(() => undefined);
      await keeping;
      // An attempt that was under way when the door closed.
      await line?.client.end().catch(() => undefined);
    },
  };
}

async function connect(
  config: ClientConfig,
  channels: readonly string[],
  deliver: (channel: string, payload: string) => void,
): Promise<Line> {
  const client = new Client({
    ...config,
    connectionTimeoutMillis: HEARTBEAT_MS,
    query_timeout: HEARTBEAT_MS,
  });
  const broken = new Promise<void>((resolve) => {
    client.once('error', () => resolve());
    client.once('end', () => resolve());
  });
  client.on('error', () => void client.end().catch(() => undefined));
  client.on('notification', ({ channel, payload }) => deliver(channel, payload ?? ''));
  await client.connect();
  for (const channel of channels) await client.query(`listen ${channel}`);
  void watchHeartbeat(client, broken);
  return { client, broken };
}

async function watchHeartbeat(client: Client, broken: Promise<void>): Promise<void> {
  let alive = true;
  void broken.then(() => (alive = false));
  while (alive) {
    await sleep(HEARTBEAT_MS, undefined, { ref: false });
    if (alive)
      await client.query('select').catch(() => client.emit('error', new Fault('the line is silent')));
  }
}
