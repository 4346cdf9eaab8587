/** Keeps the episodes of the configured events, and tells what is new, changed or gone. */
import type { Host } from 'souk/sdk';
import { isDenied, messageOf, Problem } from '../../core-kit/problem.ts';
import { tableOf } from '../../core-kit/table.ts';
import { fetchEpisodes, type Episode } from './schedule.ts';

export const episodes = tableOf<Episode>('episode');

export type SyncReport = { scheduled: number; changed: number; removed: number; failed: string[] };

export async function syncAll(host: Host): Promise<SyncReport> {
  const report: SyncReport = { scheduled: 0, changed: 0, removed: 0, failed: [] };
  const { events } = host.config as { events: string[] };
  for (const event of events) {
    try {
      await syncEvent(event, report, host);
    } catch (error) {
      // One event that SpeedGaming does not answer for leaves the others their turn.
      if (!(error instanceof Problem)) throw error;
      host.log.warn(event, error.message);
      report.failed.push(`${event}: ${error.message}`);
    }
  }
  return report;
}

async function syncEvent(event: string, report: SyncReport, host: Host): Promise<void> {
  const found = new Map((await fetchEpisodes(event, host)).map((each) => [each.episode, each]));
  const kept = new Map(
    (await episodes.list(host)).filter((each) => each.event === event).map((each) => [each.episode, each]),
  );
  for (const [id, episode] of found) {
    const before = kept.get(id);
    if (before && JSON.stringify(before) === JSON.stringify(episode)) continue;
    await tell(before ? 'episode.changed' : 'episode.scheduled', episode, host);
    await episodes.save(id, episode, host);
    report[before ? 'changed' : 'scheduled'] += 1;
  }
  for (const [id, episode] of kept) {
    if (found.has(id)) continue;
    // What is over leaves the window by itself; only what was still to come was taken away.
    if (Date.parse(episode.startsAt) > Date.now()) {
      await tell('episode.removed', episode, host);
      report.removed += 1;
    }
    await episodes.remove(id, host);
  }
}

async function tell(name: string, episode: Episode, host: Host): Promise<void> {
  try {
    await host.events.emit(name, episode, { key: episode.episode });
  } catch (error) {
    if (!isDenied(error)) throw error;
    host.log.warn('not told:', messageOf(error));
  }
}
