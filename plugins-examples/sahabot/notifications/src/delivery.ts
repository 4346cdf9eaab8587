/** One event to all who want it. What has reached somebody is in the log, and is not sent again when the bus tries again. */
import type { Event, Host } from 'souk/sdk';
import { askDiscord } from '../../core-kit/discord.ts';
import { messageOf, Problem } from '../../core-kit/problem.ts';
import { tableOf } from '../../core-kit/table.ts';
import { subscribersOf, type Subscription } from './subscriptions.ts';
import { textOf } from './text.ts';

export type LogEntry = {
  readonly at: string;
  readonly event: string;
  readonly user: string;
  readonly channel: string;
  readonly result: 'delivered' | 'refused' | 'waiting';
  readonly reason: string | null;
};

/** Longer than the bus tries. */
const KEPT_MS = 14 * 86_400_000;
const log = tableOf<LogEntry>('log', { ttlMs: KEPT_MS });

/** Newest first. */
export async function readLog(host: Host): Promise<LogEntry[]> {
  return (await log.list(host)).toSorted((one, other) => (one.at < other.at ? 1 : -1)).slice(0, 200);
}

/** @throws Problem where somebody could not be reached now, so that the bus comes again */
export async function deliver(event: Event, host: Host): Promise<void> {
  const waiting: string[] = [];
  for (const subscription of await subscribersOf(event.name, host)) {
    const id = `${event.id}:${subscription.id}`.slice(0, 200);
    const before = await log.find(id, host);
    if (before && before.result !== 'waiting') continue;
    const entry = await attempt(subscription, event, host);
    await log.save(id, entry, host);
    if (entry.result === 'waiting') waiting.push(`${subscription.channel}: ${entry.reason}`);
  }
  if (waiting.length > 0) throw new Problem(503, 'delivery_waiting', waiting.join('; '));
}

async function attempt(subscription: Subscription, event: Event, host: Host): Promise<LogEntry> {
  const { user, channel } = subscription;
  const entry = { at: new Date().toISOString(), event: event.name, user, channel };
  try {
    await send(subscription, textOf(event), host);
    return { ...entry, result: 'delivered', reason: null };
  } catch (error) {
    // What Discord or the mail server refuses, or the organization has not granted, stays refused.
    const mayComeAgain = error instanceof Problem ? error.status === 503 : isPassing(error);
    host.log.warn(`${event.name} to ${channel}:`, messageOf(error));
    return { ...entry, result: mayComeAgain ? 'waiting' : 'refused', reason: messageOf(error).slice(0, 300) };
  }
}

/** The other plugin is not active for now, or the server did not answer. */
function isPassing(error: unknown): boolean {
  const { code } = error as { code?: unknown };
  return typeof code === 'string' && /^plugin_|unavailable|timeout/u.test(code);
}

async function send({ channel, address }: Subscription, text: string, host: Host): Promise<void> {
  switch (channel) {
    case 'discord':
      await askDiscord('POST', '/messages', { user: address, content: text }, host);
      return;
    case 'mail':
      await host.mail.send({ to: address, subject: text.split('\n', 1)[0] ?? text, text });
  }
}
