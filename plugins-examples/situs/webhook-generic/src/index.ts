import type { Event, Host, Plugin } from 'souk/sdk';
import { deliver, DeliveryError, type Outgoing } from './delivery.ts';

const SUBSCRIPTIONS = ['installation.*', 'invitations.*', 'organization.*', 'member.*', 'post.*', 'event.*'];

/** The bus tries again with back-off as long as this throws, and keeps what never arrives among the dead letters. */
async function forward({ id, name, data, emittedAt }: Event, host: Host): Promise<void> {
  if (!isWanted(name, (host.config as { events: string[] }).events)) return;
  try {
    await deliver({ id, event: name, data, emittedAt }, host);
  } catch (error) {
    if (!(error instanceof DeliveryError) || error.code !== 'target_refused') throw error;
    // It would be refused again; the log tells, and the events behind it go on.
    host.log.error('not taken:', name, id, error.message);
  }
}

function isWanted(name: string, wanted: readonly string[]): boolean {
  if (wanted.length === 0) return true;
  return wanted.some((each) => each === name || (each.endsWith('.*') && name.startsWith(each.slice(0, -1))));
}

export default {
  contracts: {
    'webhook@1': { deliver: (outgoing, host) => deliver(outgoing as unknown as Outgoing, host) },
  },
  events: Object.fromEntries(SUBSCRIPTIONS.map((pattern) => [pattern, forward])),
  health: async (host) => {
    const { url } = host.config as { url?: string };
    if (!url) return { ok: false, message: 'no address is set: enter "url" in the configuration' };
    if ((await host.secrets.get('signingKey')) === null)
      return { ok: false, message: 'signingKey is not set' };
    return { ok: true, message: `posts to ${new URL(url).host}` };
  },
} satisfies Plugin;
