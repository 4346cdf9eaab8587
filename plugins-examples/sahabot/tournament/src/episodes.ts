/** Episodes that `sahabot/speedgaming` tells of become matches, where the configuration says of which tournament. */
import type { Event, Host } from 'souk/sdk';
import { addMatch, schedule } from './matches.ts';
import { matches, tournaments } from './model.ts';

type Episode = { episode: string; event: string; title: string; startsAt: string; players: string[] };

export async function onEpisode({ data }: Event, host: Host): Promise<void> {
  const { enableSpeedgaming, speedgamingEvents } = host.config as {
    enableSpeedgaming: boolean;
    speedgamingEvents: Record<string, string>;
  };
  const { episode, event, title, startsAt, players } = data as unknown as Episode;
  if (!enableSpeedgaming || !Object.hasOwn(speedgamingEvents, event)) return;
  const tournament = await tournaments.find(speedgamingEvents[event] ?? '', host);
  if (!tournament?.isOpen) {
    host.log.warn(`the event ${event} belongs to a tournament that is not there, or not open`);
    return;
  }
  // One match for each episode, however often the bus brings it.
  const id = `sg-${episode}`;
  const before = await matches.find(id, host);
  if (!before) await addMatch(tournament, { title, players, scheduledAt: startsAt }, host, id);
  else if (before.state === 'open' && before.scheduledAt !== startsAt) await schedule(id, startsAt, host);
}
