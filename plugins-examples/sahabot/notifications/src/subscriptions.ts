/** Who wants to hear of what, and where. */
import type { Host } from 'souk/sdk';
import { tableOf } from '../../core-kit/table.ts';

export type Subscription = {
  readonly id: string;
  /** The user of Souk who asked for it. */
  readonly user: string;
  /** An event such as `match.scheduled`, or `match.*`. */
  readonly event: string;
  readonly channel: 'discord' | 'mail';
  /** An id at Discord, or a mail address. */
  readonly address: string;
};

const subscriptions = tableOf<Subscription>('subscription');

/** One for each person, event and channel. */
export async function subscribe(wish: Omit<Subscription, 'id'>, host: Host): Promise<Subscription> {
  const subscription = { ...wish, id: `${wish.user}:${wish.channel}:${wish.event}` };
  await subscriptions.save(subscription.id, subscription, host);
  return subscription;
}

export const subscriptionsOf = (user: string, host: Host): Promise<Subscription[]> =>
  subscriptions.list(host, `${user}:`);

export async function unsubscribe(id: string, user: string, host: Host): Promise<void> {
  // Whose it is stands in its id: another's is not there.
  await subscriptions.remove(id.startsWith(`${user}:`) ? id : '', host);
}

export async function subscribersOf(event: string, host: Host): Promise<Subscription[]> {
  return (await subscriptions.list(host)).filter((each) => isMeant(each.event, event));
}

export function isMeant(pattern: string, event: string): boolean {
  return pattern === event || (pattern.endsWith('.*') && event.startsWith(pattern.slice(0, -1)));
}
